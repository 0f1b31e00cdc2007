"""Types that every layer shares. No I/O here, and no clock but the port for one."""
