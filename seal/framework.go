package seal

import (
	"io/fs"
	"path"
	"strings"
)

// framework checks the outer folder of a framework, of which no seal knows: it has
// Versions, and links to what is in the current one
// (BundleDiskRep::validateFrameworkRoot, errSecCSUnsealedFrameworkRoot).
func (v *verifier) framework(entries []fs.DirEntry) {
	current := v.versions()
	for _, e := range entries {
		name := e.Name()
		switch {
		case v.stopped(name):
			return
		case name == "Versions":
		case e.Type()&fs.ModeSymlink != 0:
			v.topLink(name, current)
		case !e.IsDir() && !e.Type().IsRegular():
			v.problem(NotRegular, name, "neither file, folder nor link")
		case !e.IsDir() && (name == ".DS_Store" || name == "module.map"):
			v.noexec(name, e)
		case current == "":
			v.problem(Unsealed, name, "beside Versions, where no seal reaches")
		default:
			v.copyOf(Unsealed, name, path.Join("Versions", current, name), e.IsDir())
		}
	}
}

// versions checks the folder Versions and returns the name of the current one,
// empty when none can be made out.
func (v *verifier) versions() (current string) {
	entries, err := v.list("Versions")
	if err != nil {
		v.unreadable("Versions", err)
	}
	var folders []string
	var link fs.DirEntry
	for _, e := range entries {
		switch name := e.Name(); {
		case name == "Current":
			link = e
		case e.IsDir():
			folders = append(folders, strings.Clone(name))
		case name != ".DS_Store" || !e.Type().IsRegular():
			v.problem(Unsealed, "Versions/"+name, "neither a version nor the link to the current one")
		default:
			v.noexec("Versions/"+name, e)
		}
	}
	v.result.Versions = folders
	const name = "Versions/Current"
	switch {
	case link == nil:
		v.problem(Missing, name, "a framework has a link to its current version")
	case link.Type()&fs.ModeSymlink != 0:
		target, err := v.fsys.ReadLink(name)
		if err != nil {
			v.unreadable(name, err)
			return ""
		}
		for _, folder := range folders {
			if folder == strings.TrimPrefix(target, "./") {
				return folder
			}
		}
		v.problem(BadLink, name, "leads to %q, which is no version", target)
		return ""
	case link.IsDir():
		for _, folder := range folders {
			if v.same(name, "Versions/"+folder, true) == nil {
				v.result.Flattened = append(v.result.Flattened, name)
				return folder
			}
		}
		if v.stopped(name) {
			return ""
		}
		v.problem(Unsealed, name, "a folder that is like no version, where a framework has a link")
	default:
		v.problem(Unsealed, name, "a file, where a framework has a link")
	}
	if len(folders) == 1 {
		return folders[0]
	}
	return ""
}

// topLink checks a link beside Versions, which leads to its namesake in the
// current version.
func (v *verifier) topLink(name, current string) {
	target, err := v.fsys.ReadLink(name)
	if err != nil {
		v.unreadable(name, err)
		return
	}
	switch strings.TrimPrefix(target, "./") {
	case "Versions/Current/" + name, "Versions/" + current + "/" + name:
		return
	}
	v.problem(BadLink, name, "leads to %q, which is not its namesake in the current version", target)
}
