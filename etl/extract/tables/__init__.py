"""Tables of countries that users bring (TABLES): a file of any common format -> typed columns."""
