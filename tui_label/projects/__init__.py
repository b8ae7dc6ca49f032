"""What happens to a project as a whole: it is opened, filled, looked after, shared, moved, and its answers are taken out."""
