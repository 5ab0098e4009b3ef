"""Everything that crosses a border. Imports nothing of ours."""
