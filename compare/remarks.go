package compare

import (
	"fmt"
	"path"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/policy"
)

// opaque is the rule for what is packed and not read.
const opaque = "opaque-payload"

// remarks tells what else came or went, and what neither side could look into. What is not
// seen on a side that was not read may be there, as in [differ.compare].
func (d *differ) remarks() {
	old, now := keyedRemarks(d.from), keyedRemarks(d.to)
	for _, k := range sortedRemarks(now) {
		r := now[k]
		if _, ok := old[k]; !ok && !d.from.blank() {
			d.remark(policy.Looser, r, "is new: ")
		} else if ok && r.Rule == opaque {
			d.result.NotCompared = append(d.result.NotCompared, fmt.Sprintf("what is in %s is not read (%s)", r.Path, r.Message))
		}
	}
	for _, k := range sortedRemarks(old) {
		if _, ok := now[k]; !ok && d.toWhole {
			d.remark(policy.Stricter, old[k], "is gone: ")
		}
	}
}

func (d *differ) remark(direction policy.Direction, r Remark, what string) {
	d.result.Changes = append(d.result.Changes, Change{
		Direction: direction, Subject: "remark", Paths: []string{r.Path}, Message: r.Rule + " " + what + r.Message,
	})
}

func sortedRemarks(m map[Remark]Remark) []Remark {
	var list []Remark
	for k := range m {
		list = append(list, k)
	}
	inorder.By(list, func(a, b Remark) int {
		return strings.Compare(a.Rule+"\x00"+a.Path+"\x00"+a.Message, b.Rule+"\x00"+b.Path+"\x00"+b.Message)
	})
	return list
}

// keyedRemarks returns the remarks of a side by what is equal for the same one in another
// build: the path inside the artifact, without numbers of versions.
func keyedRemarks(s Side) map[Remark]Remark {
	roots := rootsOf(s)
	m := map[Remark]Remark{}
	for _, r := range s.Remarks {
		m[Remark{r.Rule, unversioned(below(roots, r.Path)), r.Message}] = r
	}
	return m
}

// rootsOf returns what stands before the paths inside the artifacts.
func rootsOf(s Side) map[string]bool {
	roots := map[string]bool{}
	for _, sub := range s.Subjects {
		for i, p := range sub.Paths {
			if root, ok := strings.CutSuffix(p, sub.Inside[i]); ok && strings.HasSuffix(root, "/") {
				roots[root] = true
			}
		}
	}
	return roots
}

// maxFolders bounds how deep below the current folder an artifact may be to be found.
const maxFolders = 64

// below returns a path without the longest root that it is below, or else the name of the
// file.
func below(roots map[string]bool, p string) string {
	found := path.Base(p)
	for i, n := 0, 0; n < maxFolders; n++ {
		next := strings.IndexByte(p[i:], '/')
		if next < 0 {
			break
		}
		if i += next + 1; roots[p[:i]] {
			found = p[i:]
		}
	}
	return found
}

// tellLimits says what could not be compared.
func (d *differ) tellLimits() {
	r := d.result
	const slots = "pages and signers were not looked at (verify: slots)"
	switch {
	case !d.from.Full && !d.to.Full:
		r.NotCompared = append(r.NotCompared, "in both, "+slots)
	case !d.from.Full:
		r.FromUnread = append(r.FromUnread, Unread{"", slots + ", and in the new one they were"})
	case !d.to.Full:
		r.ToUnread = append(r.ToUnread, Unread{"", slots + ", and in the old one they were"})
	}
	r.NotCompared = append(r.NotCompared, d.doubt.tell()...)
	if d.requirements > 0 {
		r.NotCompared = append(r.NotCompared, fmt.Sprintf("designated requirements (slices: %d), which a report by an earlier version does not have", d.requirements))
	}
	if d.evidence > 0 {
		r.NotCompared = append(r.NotCompared, fmt.Sprintf("evidence (claims: %d), which only one side tells", d.evidence))
	}
}
