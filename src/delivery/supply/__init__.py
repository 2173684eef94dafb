"""Bill of materials, licences, vulnerabilities."""
