package source

import (
	"fmt"
	"slices"
	"strings"
)

// target reads the configurations of a target.
func (p *project) target(t *node, own string) {
	product := t.get("productType").string()
	kind, known := products[product]
	if t.get("isa").string() != "PBXNativeTarget" || known && kind.fileType == "" {
		return // which runs a script, or is not signed for the Mac
	}
	list := p.objects[t.get("buildConfigurationList").string()]
	configurations := list.get("buildConfigurations")
	if configurations == nil {
		return
	}
	byDefault := list.get("defaultConfigurationName").string()
	for _, id := range configurations.items {
		c := p.objects[id.string()]
		if c == nil {
			continue
		}
		name := c.get("name").string()
		s := Signing{
			Tool: Xcode, Target: t.get("name").string(), Configuration: name, Default: name == byDefault,
			Place: p.doc.at(c.offset), Type: kind.fileType, BundleKind: kind.bundleKind,
		}
		p.configuration(&s, c, p.named(own, name))
	}
}

// named returns the configuration of that name in a list, or else its default.
func (p *project) named(id, name string) *node {
	list := p.objects[id]
	var byDefault *node
	if configurations := list.get("buildConfigurations"); configurations != nil {
		for _, id := range configurations.items {
			c := p.objects[id.string()]
			switch c.get("name").string() {
			case name:
				return c
			case list.get("defaultConfigurationName").string():
				byDefault = c
			}
		}
	}
	return byDefault
}

// configuration reads one configuration of a target: its settings go before those of its
// .xcconfig file, and these before the ones of the project.
func (p *project) configuration(s *Signing, target, whole *node) {
	all := &settings{map[string][]assignment{}, s.Configuration, map[string]string{
		"TARGET_NAME": s.Target, "TARGETNAME": s.Target, "PROJECT_NAME": p.name, "CONFIGURATION": s.Configuration,
		"PLATFORM_NAME": "macosx", "SRCROOT": ".", "PROJECT_DIR": ".", "SOURCE_ROOT": ".",
	}, &p.r.work}
	for _, level := range []*node{whole, target} {
		all.push(p.base(level))
		all.push(p.assignments(level.get("buildSettings")))
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
	sorted := slices.SortedStableFunc(slices.Values(n.pairs), func(a, b pair) int { return strings.Compare(a.key, b.key) })
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
