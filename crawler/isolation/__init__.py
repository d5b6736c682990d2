"""Where hostile input is parsed: a worker process that can be killed, a thread that ends with its parse."""
