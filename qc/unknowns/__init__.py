"""Who is free, who follows and who is prescribed: q and P."""
