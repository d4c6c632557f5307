package source

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// refers follows a reference to another project of Xcode's, which is built with the one that
// refers to it: it is read, wherever it is in the tree. Empty: where it is is not known.
func (r *reader) refers(name string, at Place) {
	told := func(kind Kind, why string) {
		r.problem(Problem{kind, at, "refers to a project " + why, "check the folder that holds both"})
	}
	switch {
	case name == "":
		told(Unresolved, "that is where only a build knows")
		return
	case !fs.ValidPath(name):
		told(Unresolved, fmt.Sprintf("that is not read: %s: %s", name, errOutside))
		return
	}
	file, err := r.projectIn(r.likeIt(name))
	switch {
	case err != nil:
		told(Unresolved, fmt.Sprintf("that is not read: %s: %s", r.told(name), reason(err)))
	case file == "": // as of CocoaPods, before it has made one
		told(Incomplete, fmt.Sprintf("that is not there: %s", r.told(name)))
	case !r.walked[file]:
		r.walked[file] = true
		r.referred = append(r.referred, file)
	}
}

// projectIn returns the project.pbxproj of an .xcodeproj; empty: there is none.
func (r *reader) projectIn(dir string) (string, error) {
	if dir == "" {
		return "", nil
	}
	entries, err := fs.ReadDir(r.fsys, dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		if name := path.Join(dir, e.Name()); kindOf(name) == xcodeProject {
			return name, nil
		}
	}
	return "", nil
}

// isProject reports whether a name is that of a project of Xcode's.
func isProject(name string) bool { return strings.EqualFold(path.Ext(path.Clean(name)), ".xcodeproj") }

// workspace follows the references of a workspace. They are relative to the group that they
// are in, or to the folder that the workspace is in.
func (r *reader) workspace(name string) {
	d := r.open(name, parseElements)
	if d == nil {
		return
	}
	folder := path.Dir(path.Dir(name))
	if isProject(folder) { // of which it is a part
		folder = path.Dir(folder)
	}
	r.members(d, d.root, folder, folder)
}

func (r *reader) members(d *document, group *node, container, folder string) {
	for _, item := range group.items {
		location := item.get("location").string()
		kind, name, _ := strings.Cut(location, ":")
		in, known := map[string]string{"group": folder, "container": container}[kind]
		at := ""
		if known && in != "" && isRelative(name) {
			at = path.Join(in, name)
		}
		switch {
		case item.text == "Group":
			r.members(d, item, container, at)
		case item.text == "FileRef" && isProject(name) && kind != "self":
			r.refers(at, d.at(item.offset))
		}
	}
}

// scheme tells of scripts before and after the actions of a scheme that sign.
func (r *reader) scheme(name string) {
	d := r.open(name, parseElements)
	if d == nil {
		return
	}
	left := []*node{d.root}
	for len(left) > 0 {
		n := left[0]
		left = append(left[1:], n.items...)
		for _, attribute := range n.pairs {
			if attribute.key == "scriptText" && signsWith(attribute.value.text) {
				r.problem(Problem{Unresolved, d.at(n.offset), "a script of the scheme signs with entitlements, and which is not known", scriptSignsHint})
			}
		}
	}
}

// parseElements reads the elements of XML: their names are the texts of nodes, their attributes
// the pairs and what is in them the items.
func parseElements(b []byte) (*node, error) {
	p := &xmlList{dec: xml.NewDecoder(bytes.NewReader(b)), scanner: scanner{b: b}}
	root := &node{kind: sequence}
	open := []*node{root}
	for {
		p.pos = int(min(p.dec.InputOffset(), int64(len(p.b))))
		t, err := p.dec.Token()
		switch {
		case errors.Is(err, io.EOF) && len(root.items) == 1 && len(open) == 1:
			return root.items[0], nil
		case errors.Is(err, io.EOF):
			return nil, p.fail("something other than one element")
		case err != nil:
			return nil, p.fail("%v", err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			n, err := p.new(sequence, len(open))
			if err != nil {
				return nil, err
			}
			n.text = t.Name.Local
			for _, a := range t.Attr {
				value, err := p.new(scalar, 0)
				if err != nil {
					return nil, err
				}
				value.text = a.Value
				n.pairs = append(n.pairs, pair{a.Name.Local, n.offset, value})
			}
			parent := open[len(open)-1]
			parent.items = append(parent.items, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.Directive:
			if bytes.ContainsAny(t, "[<") {
				return nil, p.fail("a document type with declarations of its own")
			}
		}
	}
}
