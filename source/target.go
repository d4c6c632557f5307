package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// target reads the configurations of a target: all that it or the project has.
func (p *project) target(t *node) {
	product := t.get("productType").string()
	kind, known := products[product]
	if t.get("isa").string() != "PBXNativeTarget" || known && kind.fileType == "" {
		return // which runs a script, or is not signed for the Mac
	}
	own := p.configurations(t.get("buildConfigurationList").string())
	names := slices.Concat(own.names, p.own.names)
	p.r.work -= len(names)
	for i, name := range names {
		if p.r.work < 0 {
			p.r.tooMuch(p.doc.at(t.offset))
		}
		if p.r.full {
			return
		}
		if i >= len(own.names) && own.by[name] != nil {
			continue // which was its turn already
		}
		s := Signing{Tool: Xcode, Target: t.get("name").string(), Configuration: name, Default: name == p.byDefault || len(p.own.names)+i == 0, Type: kind.fileType, BundleKind: kind.bundleKind}
		p.configuration(&s, own.pick(name, p.byDefault), p.own.pick(name, p.byDefault))
	}
}

// list is the configurations of a target, or of the project.
type list struct {
	names []string // in their order
	by    map[string]*node
}

// configurations reads a list of configurations, once.
func (p *project) configurations(id string) *list {
	if l := p.lists[id]; l != nil {
		return l
	}
	l := &list{by: map[string]*node{}}
	p.lists[id] = l
	items := p.objects[id].get("buildConfigurations")
	if items == nil {
		return l
	}
	for _, item := range items.items {
		c := p.objects[item.string()]
		if c == nil {
			continue
		}
		name := c.get("name").string()
		switch l.by[name] {
		case c:
		case nil:
			l.by[name], l.names = c, append(l.names, name)
		default: // of which the first counts for swift-build; what Xcode hands to it is not known
			p.r.problem(Problem{Unresolved, p.doc.at(c.offset), fmt.Sprintf("a second configuration with the name %s, of which one counts", name), "take one of the two away"})
		}
	}
	return l
}

// pick returns the configuration that counts when one of a name is built: the one of that name,
// else the one that the project builds by default, else the first (getEffectiveConfiguration in
// Target.swift and Project.swift of swift-build, as construct in Settings.swift calls it).
func (l *list) pick(name, byDefault string) *node {
	for _, n := range []string{name, byDefault} {
		if c := l.by[n]; c != nil {
			return c
		}
	}
	if len(l.names) == 0 {
		return nil
	}
	return l.by[l.names[0]]
}

// configuration reads one configuration of a target: its settings go before those of its
// .xcconfig file, and these before the ones of the project.
func (p *project) configuration(s *Signing, target, whole *node) {
	p.r.work -= workForConfiguration
	all := &settings{map[string][]assignment{}, nil, map[string]string{
		"TARGET_NAME": s.Target, "TARGETNAME": s.Target, "PROJECT_NAME": p.name,
		"PLATFORM_NAME": "macosx", "SRCROOT": ".", "PROJECT_DIR": ".", "SOURCE_ROOT": ".",
	}, &p.r.work}
	for _, level := range []*node{whole, target} {
		if level == nil {
			continue
		}
		s.Place = p.doc.at(level.offset)
		if name := level.get("name").string(); !slices.Contains(all.configurations, name) {
			all.configurations = append(all.configurations, name)
		}
		all.push(p.base(level))
		all.push(p.assignments(level.get("buildSettings")))
	}
	if len(all.configurations) == 1 {
		all.builtin["CONFIGURATION"] = all.configurations[0]
	}
	if p.r.work < 0 {
		p.r.tooMuch(s.Place)
		return
	}
	if !isForMac(all) {
		return
	}
	p.identity(s, all)
	p.entitlements(s, all)
	p.settings(s, all)
	p.signer(s, all)
	if s.Type == "execute" || s.Type == "" {
		hardened(s, all)
	}
	if p.r.work < 0 {
		p.r.tooMuch(s.Place)
	}
	p.r.add(*s)
}

// assignments returns build settings. Xcode takes them in the order of their names, so that
// what has conditions counts more than what has none (createTableFromUserSettings in
// swift-build).
func (p *project) assignments(n *node) []assignment {
	if n == nil {
		return nil
	}
	if list, ok := p.read[n]; ok {
		return list
	}
	var out []assignment
	sorted := inorder.Copied(n.pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	for _, o := range sorted {
		if len(out) == maxAssignments {
			p.r.problem(Problem{Unreadable, p.doc.at(o.offset), fmt.Sprintf("more than %d build settings", maxAssignments), ""})
			break
		}
		// As swift-build does, which takes the last line of it.
		lines, _ := parseConfig(newDocument(p.doc.path, []byte(o.key+"=")))
		i := len(lines) - 1
		for i >= 0 && (lines[i].wrong != "" || lines[i].include != "") {
			i--
		}
		if i != 0 || len(lines) > 1 {
			p.r.problem(Problem{Incomplete, p.doc.at(o.offset), fmt.Sprintf("the name of the build setting %q is not one", o.key), "write NAME or NAME[CONDITION=PATTERN]"})
		}
		if i < 0 {
			continue
		}
		a := lines[i].assignment
		a.place, a.value = p.doc.at(o.offset), o.value.text
		if o.value.kind == sequence {
			a.value = joined(o.value)
		}
		out = append(out, a)
	}
	p.read[n] = out
	return out
}
