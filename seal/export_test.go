package seal

// VerifyWithin is Verify with another limit of files, folders and links.
var VerifyWithin = verify
