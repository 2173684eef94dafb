"""The BackOffice portal: what operators work in and executives read."""
