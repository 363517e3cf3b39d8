"""The whole protocol towards resellers, proven with what chained panels and real clients do with our replies."""
