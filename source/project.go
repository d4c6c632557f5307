package source

import (
	"fmt"
	"path"
	"strings"
)

// products are the kinds of target that are programs, and what becomes of them. Libraries
// and bundles have no entitlements of their own.
var products = map[string]struct{ fileType, bundleKind string }{
	"com.apple.product-type.application":                         {"execute", "app"},
	"com.apple.product-type.application.on-demand-install":       {"execute", "app"},
	"com.apple.product-type.app-extension":                       {"execute", "appex"},
	"com.apple.product-type.extensionkit-extension":              {"execute", "appex"},
	"com.apple.product-type.xcode-extension":                     {"execute", "appex"},
	"com.apple.product-type.xpc-service":                         {"execute", "xpc"},
	"com.apple.product-type.tool":                                {"execute", ""},
	"com.apple.product-type.system-extension":                    {"execute", "systemextension"},
	"com.apple.product-type.driver-extension":                    {"execute", "dext"},
	"com.apple.product-type.library.dynamic":                     {"dylib", ""},
	"com.apple.product-type.framework":                           {"dylib", "framework"},
	"com.apple.product-type.bundle":                              {"bundle", "bundle"},
	"com.apple.product-type.bundle.unit-test":                    {"bundle", "xctest"},
	"com.apple.product-type.bundle.ui-testing":                   {"bundle", "xctest"},
	"com.apple.product-type.kernel-extension":                    {"kext_bundle", "kext"},
	"com.apple.product-type.kernel-extension.iokit":              {"kext_bundle", "kext"},
	"com.apple.product-type.library.static":                      {},
	"com.apple.product-type.objfile":                             {},
	"com.apple.product-type.framework.static":                    {},
	"com.apple.product-type.in-app-purchase-content":             {},
	"com.apple.product-type.application.watchapp2":               {},
	"com.apple.product-type.application.watchapp2-container":     {},
	"com.apple.product-type.watchkit2-extension":                 {},
	"com.apple.product-type.application.messages":                {"execute", "app"},
	"com.apple.product-type.app-extension.messages":              {"execute", "appex"},
	"com.apple.product-type.app-extension.messages-sticker-pack": {"execute", "appex"},
	"com.apple.product-type.tv-app-extension":                    {},
}

// project is a project.pbxproj.
type project struct {
	r         *reader
	doc       *document
	name      string // of the project
	folder    string // that paths are relative to, in the tree
	own       *list
	byDefault string // the configuration that is built when nobody asks for another
	lists     map[string]*list
	main      string // the id of the main group
	objects   map[string]*node
	parents   map[string][]string     // of files and groups below the main group, by their ids
	configs   map[string][]assignment // of .xcconfig files
	read      map[*node][]assignment  // of build settings
}

// xcode reads a project.
func (r *reader) xcode(name string) {
	d := r.open(name, parsePlist)
	if d == nil {
		return
	}
	container := path.Dir(name)
	p := &project{
		r: r, doc: d, name: strings.TrimSuffix(path.Base(container), path.Ext(container)),
		objects: map[string]*node{}, lists: map[string]*list{}, parents: map[string][]string{}, configs: map[string][]assignment{}, read: map[*node][]assignment{},
	}
	objects := d.root.get("objects")
	root := p.index(objects, d.root.get("rootObject").string())
	p.scripts(objects)
	if root == nil {
		r.problem(Problem{Unreadable, Place{File: d.path}, "it has no project in it", ""})
		return
	}
	p.folder = path.Dir(container)
	if dir := root.pair("projectDirPath"); dir != nil && isRelative(dir.value.string()) {
		p.folder = path.Join(p.folder, dir.value.string())
	} else if dir != nil {
		r.problem(Problem{Unresolved, d.at(dir.offset), fmt.Sprintf("the folder of the project is %s, which is not known here", dir.value.string()), "have it relative to the project, and without variables"})
	}
	own := root.get("buildConfigurationList").string()
	p.own, p.byDefault = p.configurations(own), p.objects[own].get("defaultConfigurationName").string()
	if p.own.by[p.byDefault] == nil && len(p.own.names) > 0 {
		p.byDefault = p.own.names[0]
	}
	seen := map[string]bool{}
	p.subprojects(objects, root.get("projectReferences"))
	targets := root.get("targets")
	if targets == nil {
		return
	}
	for _, item := range targets.items {
		id := item.string()
		if t := p.objects[id]; t != nil && !seen[id] && !r.full {
			seen[id] = true
			p.target(t)
		}
	}
}

// index finds objects by their ids, and groups by what is in them: those only that the main
// group leads to. It returns the root.
func (p *project) index(objects *node, root string) *node {
	if objects == nil {
		return nil
	}
	for _, o := range objects.pairs {
		p.objects[o.key] = o.value
	}
	p.main = p.objects[root].get("mainGroup").string()
	left := []string{p.main}
	seen := map[string]bool{left[0]: true}
	for len(left) > 0 {
		id := left[0]
		left = left[1:]
		children := p.objects[id].get("children")
		if children == nil {
			continue
		}
		for _, item := range children.items {
			child := item.string()
			p.parents[child] = append(p.parents[child], id)
			if !seen[child] {
				seen[child] = true
				left = append(left, child)
			}
		}
	}
	return p.objects[root]
}
