package evidence

import (
	"bytes"
	"regexp"
)

// MaxScript bounds what is looked at of a script, in bytes. Those that start programs are
// a screenful.
const MaxScript = 64 << 10

// assignment is a variable of dyld's that a script sets, for itself or for one command.
var assignment = regexp.MustCompile(`(?m)^(?:[^#"'\n]*[;&|]\s*|\s*)(?:(?:export|env|exec env)\s+)?(DYLD_[A-Z_]{1,64})=[^\s;]|environ\[["'](DYLD_[A-Z_]{1,64})["']\]\s*=[^=]`)

// Script looks at the beginning of a file with the program, named as a person finds it, and
// reports whether it is a script that sets a variable of dyld's.
func Script(name string, b []byte) (Item, bool) {
	if !bytes.HasPrefix(b, []byte("#!")) {
		return Item{}, false
	}
	m := assignment.FindSubmatch(b)
	if m == nil {
		return Item{}, false
	}
	variable := string(m[1]) + string(m[2])
	return Item{
		Need: DyldEnvironment, Strength: Suggests, Symbol: variable,
		Text: "has a script beside it, " + printable(name) + ", that sets " + variable,
	}, true
}
