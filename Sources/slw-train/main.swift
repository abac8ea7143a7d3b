print("slw-train")
