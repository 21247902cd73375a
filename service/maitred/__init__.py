"""maitred: decides in real time what is appropriate for a customer."""
