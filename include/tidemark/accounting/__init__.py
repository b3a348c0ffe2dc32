"""The row account: where every row of the source tables went, by reason, for each family.

Its lines are an identity. Of each table, what was delivered is what was left out while loading plus what was
loaded; what was loaded is what lies before the as-of date plus what does not; and for each family the rows
before the as-of date are what the family used plus what it left out.
"""
