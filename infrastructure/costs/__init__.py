"""What a stack costs by list prices: at rest, computed from its template, and for its runs, from what is counted."""
