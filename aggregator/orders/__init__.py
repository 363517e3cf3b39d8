"""An order's life: placed, dispatched, polled, settled, followed."""
