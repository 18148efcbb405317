# The windrose command.
