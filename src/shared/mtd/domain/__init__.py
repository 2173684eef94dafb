"""The rules of orders, money, tax documents and mails: pure Python, the standard library only."""
