package compare

import (
	"fmt"
	"slices"
	"strings"
)

// whole reports whether all of a side was read, so that what it does not have is not there.
func (s Side) whole() bool {
	return len(s.Unread) == 0 && !slices.ContainsFunc(s.Subjects, func(sub Subject) bool {
		return slices.ContainsFunc(sub.Slices, func(x Slice) bool { return x.Unreadable != "" })
	})
}

// blank reports whether nothing of a side was read.
func (s Side) blank() bool { return len(s.Subjects) == 0 && len(s.Unread) > 0 }

// doubt holds paths of one side that may be in what could not be read of the other one.
type doubt struct{ came, went []string }

// note notes a subject of which it is not known whether the other side has it.
func (d *doubt) note(list *[]string, s *Subject, paths []string, unread *[]Unread) {
	for _, slice := range s.Slices {
		noteUnread(unread, paths[0], slice)
	}
	*list = append(*list, paths[0])
}

// maxDoubts is how many files are named that may be in what could not be read.
const maxDoubts = 10

// tell says of which files it is not known that they came or went.
func (d *doubt) tell() []string {
	var out []string
	say := func(list []string, format string) {
		n := len(list)
		if n == 0 {
			return
		}
		slices.Sort(list)
		names := strings.Join(list[:min(n, maxDoubts)], ", ")
		if n > maxDoubts {
			names += fmt.Sprintf(" and %d more", n-maxDoubts)
		}
		out = append(out, fmt.Sprintf(format, n, names))
	}
	say(d.came, "files of the new one (%d), as nothing of the old one could be read: %s")
	say(d.went, "whether files of the old one are gone (%d), as not all of the new one could be read: %s")
	return out
}
