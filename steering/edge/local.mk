# The edge follower.
