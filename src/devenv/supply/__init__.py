"""What the project is made of: bill of materials, licences, known vulnerabilities."""
