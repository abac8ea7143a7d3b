print("slwdata")
