"""MTD, the Digital Transactional Engine: what every Lambda shares."""
