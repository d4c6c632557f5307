package policy

// Reference names a policy that another one extends. One of Preset, File and
// Repository is set.
type Reference struct {
	Preset string // name of a built-in policy
	File   string // slash-separated, relative to the file that refers to it

	Repository string // owner/name on GitHub
	Path       string // in the repository
	Ref        string // of the commit, 40 hexadecimal digits
	SHA256     string // of the file, 64 hexadecimal digits; empty: not pinned beyond the commit

	Position Position
}

// String returns the reference as a person would write it in one line.
func (r Reference) String() string {
	switch {
	case r.Preset != "":
		return PresetPrefix + r.Preset
	case r.Repository != "":
		return "github:" + r.Repository + "//" + r.Path + "@" + r.Ref
	}
	return r.File
}
