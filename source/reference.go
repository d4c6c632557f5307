package source

import (
	"path"
	"strings"
)

// base returns what the .xcconfig file of a configuration assigns.
func (p *project) base(c *node) []assignment {
	id := c.get("baseConfigurationReference")
	name, at := "", Place{}
	switch anchor := c.get("baseConfigurationReferenceAnchor"); {
	case id != nil:
		at = p.doc.at(c.pair("baseConfigurationReference").offset)
		name = p.path(id.string(), 0)
	case anchor != nil: // in a folder that Xcode 16 keeps in step with the disk
		at = p.doc.at(c.pair("baseConfigurationReferenceAnchor").offset)
		below := c.get("baseConfigurationReferenceRelativePath").string()
		if folder := p.path(anchor.string(), 0); folder != "" && isRelative(below) {
			name = path.Join(folder, below)
		}
	default:
		return nil
	}
	if name == "" {
		p.r.problem(Problem{Unresolved, at, "where the .xcconfig file of the configuration is cannot be told", "put it below the project"})
		return nil
	}
	list, ok := p.configs[name]
	if !ok {
		list = p.r.configuration(name, p.folder, at)
		p.configs[name] = list
	}
	return list
}

// path returns where a file or a group is in the tree; empty: that is not known.
func (p *project) path(id string, depth int) string {
	o := p.objects[id]
	if o == nil || depth > maxNesting {
		return ""
	}
	name := o.get("path").string()
	if !isRelative(name) {
		return ""
	}
	switch tree := o.get("sourceTree").string(); tree {
	case "SOURCE_ROOT":
		return path.Join(p.folder, name)
	case "<group>":
		parents := p.parents[id]
		switch {
		case id == p.main:
			return path.Join(p.folder, name)
		case len(parents) != 1:
			return "" // the main group does not lead to it, or in several ways
		}
		if folder := p.path(parents[0], depth+1); folder != "" {
			return path.Join(folder, name)
		}
	}
	return ""
}

// isRelative reports whether a path of a project is one that can be followed here. To Xcode
// it may have variables, and needs nothing before it where it is absolute
// (GroupTreeReference.path in swift-build's Reference.swift).
func isRelative(name string) bool {
	return !path.IsAbs(name) && !strings.HasPrefix(name, "~") && !strings.Contains(name, "$")
}

// subprojects follows the references to other projects: those of the main group, and those
// that the project lists.
func (p *project) subprojects(objects, references *node) {
	listed := map[string]bool{}
	if references != nil {
		for _, item := range references.items {
			listed[item.get("ProjectRef").string()] = true
		}
	}
	for _, o := range objects.pairs {
		file := o.value
		is := isProject(file.get("path").string()) || file.get("lastKnownFileType").string() == "wrapper.pb-project" || file.get("explicitFileType").string() == "wrapper.pb-project"
		if file.get("isa").string() == "PBXFileReference" && (is && len(p.parents[o.key]) > 0 || listed[o.key]) {
			p.r.refers(p.path(o.key, 0), p.doc.at(file.offset))
		}
	}
}
