"""A year at the till: tables for the rules, an independent answer, and a client that sends it all."""
