package policy

import (
	"fmt"
	"slices"
)

// stages compares what the stages demand of code. What they decide is compared by
// key.
func (d *differ) stages() {
	for i := range d.to.Stages {
		to := &d.to.Stages[i]
		from := d.from.namesake(to)
		if from == nil {
			d.add(Looser, "stage", to.Name, to.Position, "stage %s is new, and can be chosen with --stage", to.Name)
			continue
		}
		d.demands("stage", to.Name, fmt.Sprintf("stage %s", to.Name), from, to)
		if from.Overridable != to.Overridable {
			d.add(toward(to.Overridable), "stage", to.Name, to.Position, "stage %s: overridable is %v, was %v", to.Name, to.Overridable, from.Overridable)
		}
	}
	for i := range d.from.Stages {
		if s := &d.from.Stages[i]; d.to.namesake(s) == nil {
			d.add(Stricter, "stage", s.Name, s.Position, "stage %s is gone: a check that names it fails", s.Name)
		}
	}
}

// demands compares what two stages, or a group in two, demand of code.
func (d *differ) demands(subject, name, where string, from, to *Stage) {
	at := to.Position
	if at == (Position{}) {
		at = from.Position
	}
	d.requirements(subject, name, where, at, from.Require, to.Require)
	switch {
	case len(from.TeamIDs) == 0 && len(to.TeamIDs) > 0:
		d.add(Stricter, subject, name, at, "%s takes code of the teams %s alone, took that of any", where, joined(to.TeamIDs))
	case len(from.TeamIDs) > 0 && len(to.TeamIDs) == 0:
		d.add(Looser, subject, name, at, "%s takes code of any team, took that of %s alone", where, joined(from.TeamIDs))
	default:
		d.set(subject, name, at, where+" takes code of the teams %s, too", where+" no longer takes code of the teams %s", from.TeamIDs, to.TeamIDs, Looser)
	}
	if from.MinRuntimeVersion != to.MinRuntimeVersion {
		d.add(toward(isLower(to.MinRuntimeVersion, from.MinRuntimeVersion)), subject, name, at,
			"%s: min-runtime-version is %s, was %s", where, orNone(to.MinRuntimeVersion), orNone(from.MinRuntimeVersion))
	}
}

// included are the requirements that code meets which meets another one.
var included = map[Requirement][]Requirement{
	NotAdHoc:          {Signed},
	Valid:             {NotAdHoc, Signed},
	DeveloperID:       {Valid, NotAdHoc, Signed},
	AppleDistribution: {Valid, NotAdHoc, Signed},
	SecureTimestamp:   {Valid, NotAdHoc, Signed},
}

// requirements compares what is required. What another requirement includes is required
// whether it is listed or not.
func (d *differ) requirements(subject, name, where string, at Position, from, to []Requirement) {
	all := func(list []Requirement) []Requirement {
		whole := slices.Clone(list)
		for _, r := range list {
			whole = append(whole, included[r]...)
		}
		return whole
	}
	if more := without(words(to), words(all(from))); len(more) > 0 {
		d.add(Stricter, subject, name, at, "%s requires %s", where, joined(more))
	}
	if fewer := without(words(from), words(all(to))); len(fewer) > 0 {
		d.add(Looser, subject, name, at, "%s no longer requires %s", where, joined(fewer))
	}
}

// isLower reports whether a version of the runtime, of which none is the lowest, is
// lower than another one.
func isLower(v, w string) bool {
	a, _ := parseVersion(v)
	b, _ := parseVersion(w)
	return slices.Compare(a, b) < 0
}

// groups compares the groups of binaries.
func (d *differ) groups() {
	for i := range d.to.Groups {
		to := &d.to.Groups[i]
		from := d.from.Group(to.Name)
		if from == nil {
			d.add(Neutral, "group", to.Name, to.Position, "group %s is new: %s", to.Name, to.Scope.Text())
			from = &Group{Name: to.Name, Scope: to.Scope}
		}
		d.group(from, to)
	}
	for i := range d.from.Groups {
		from := &d.from.Groups[i]
		if d.to.Group(from.Name) == nil {
			d.add(Neutral, "group", from.Name, from.Position, "group %s is gone: %s", from.Name, from.Scope.Text())
			d.group(from, &Group{Name: from.Name, Scope: from.Scope})
		}
	}
}

// group compares two groups of one name.
func (d *differ) group(from, to *Group) {
	where, at := "group "+to.Name, to.Position
	if at == (Position{}) {
		at = from.Position
	}
	d.groupScope(from, to, at)
	d.set("group", to.Name, at, where+" has to claim %s", where+" no longer has to claim %s", from.Require, to.Require, Stricter)
	switch {
	case from.IsExact && to.IsExact:
		d.set("group", to.Name, at, where+" may claim %s, too", where+" may no longer claim %s", from.Exactly, to.Exactly, Looser)
	case to.IsExact:
		d.add(Stricter, "group", to.Name, at, "%s may claim %s", where, only(to.Exactly))
	case from.IsExact:
		d.add(Looser, "group", to.Name, at, "%s may claim any entitlement, could claim %s", where, only(from.Exactly))
	}
	for _, name := range d.stageNames(from.Stages, to.Stages) {
		d.demands("group", to.Name, fmt.Sprintf("%s in stage %s", where, name), stageOf(from.Stages, name), stageOf(to.Stages, name))
	}
	if from.Overridable != to.Overridable {
		d.add(toward(to.Overridable), "group", to.Name, at, "%s: overridable is %v, was %v", where, to.Overridable, from.Overridable)
	}
}

// only says what a closed list of entitlements leaves.
func only(keys []string) string {
	if len(keys) == 0 {
		return "no entitlement at all"
	}
	return "nothing but " + joined(keys)
}

// groupScope compares which binaries are in a group. More of them loosens what is
// permitted to the group, fewer what is demanded of it.
func (d *differ) groupScope(from, to *Group, at Position) {
	wider, narrower, unclear := d.ofGroups.compare(from.Scope, to.Scope)
	if wider && narrower {
		return
	}
	names := func(e Exception) bool { return slices.Contains(e.AppliesTo.Binaries, to.Name) }
	permits := len(to.Rules) > 0 || slices.ContainsFunc(d.to.Exceptions, names)
	demands := len(to.Require)+len(to.Rules)+len(to.Stages) > 0 || to.IsExact
	loosens := !narrower && permits || !wider && demands
	d.add(toward(loosens), "group", to.Name, at, "group %s has %s%s: %s; were %s", to.Name, extentWord(wider, narrower), unclear, to.Scope.Text(), from.Scope.Text())
}

// extentWord says how what there is compares with what there was.
func extentWord(wider, narrower bool) string {
	switch {
	case wider:
		return "more binaries"
	case narrower:
		return "fewer binaries"
	}
	return "other binaries"
}

// stageNames returns the names of stages in either list, as they come.
func (d *differ) stageNames(from, to []Stage) []string {
	var names []string
	for _, s := range slices.Concat(to, from) {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return names
}

// stageOf returns the stage of that name, or one that demands nothing.
func stageOf(list []Stage, name string) *Stage {
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return &Stage{Name: name}
}
