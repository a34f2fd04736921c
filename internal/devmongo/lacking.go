package devmongo

// lacking is the answer to what MongoDB has and this server lacks. It must never pretend.
func lacking(what string) *Err {
	return errf(238, "NotImplemented", "The development MongoDB has no %s. Set TURNKEY_MONGODB_URI to a MongoDB replica set to use it.", what)
}
