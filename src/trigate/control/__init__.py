"""The control process: admin API, metrics and status. The data plane never imports it, nor it the data plane."""
