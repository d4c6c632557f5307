package policy

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// BasePrefix is what the name of a policy begins with that stands at the trusted ref and
// not in the workspace: base:PATH.
const BasePrefix = "base:"

// Pending is an exception that a change adds or alters. It does not count before the
// change is merged.
type Pending struct {
	*Exception            // as the change has it
	Was        *Exception // as it stands at the trusted ref, which is what counts; nil: it is not there
	Diff       []string   // how it differs from Was, or what a new one is limited to: a field each
}

// Trusted returns the policy by which a change is judged, and what of the change waits
// to be merged. Base is the policy as it stands at the trusted ref, head as the change
// has it; without a base nothing is known to be merged.
//
// Base holds in all that it says, and head can only tighten it. Of each entitlement the
// stricter decision holds, whatever either policy calls overridable; so do the stricter
// settings, and the demands of the stages and groups of both. A stage that only head has
// is left out, and a group that head defines in another way is one of its own, with
// "(changed)" after its name. The approvals and the policy-id are base's.
//
// An exception counts as base has it, while head has one of the same id; one that head
// adds or alters is pending. If base accepts signatures or reviews, one that is signed, or
// that a review approves, counts at once; and if it accepts nothing but signatures, all of
// head's are left to these. Approved reports whether an exception of head is signed as base
// demands, or reviewed by whom base names, and sees it with base's policy-id; nil: none is.
func Trusted(head, base *Policy, approved func(*Exception) bool) (*Policy, []Pending) {
	if base == nil {
		judge := *head
		var pending []Pending
		judge.Exceptions, pending = head.counting(nil, approved)
		return &judge, pending
	}
	head = head.renamed(head.otherGroups(base))
	judge := &Policy{
		Name: head.Name, SHA256: head.SHA256, ID: base.ID, Extends: head.Extends, Sources: head.Sources,
		Settings:  base.Settings.stricter(head.Settings),
		Approvals: base.Approvals,
		Stages:    mergedStages(base.Stages, head.Stages),
		Groups:    bothGroups(base.Groups, head.Groups),
		// It has no rules of its own, in stages and groups neither, so that nothing can be
		// taken to override a rule.
		Parents: []*Policy{base, head},
	}
	var pending []Pending
	judge.Exceptions, pending = head.counting(base, approved)
	return judge, pending
}

// counting divides the policy's exceptions into those that count beside the ones that
// are merged, and those that do not yet. A signature is asked for with the policy-id that
// an exception has in base, whatever the change writes beside it.
func (p *Policy) counting(base *Policy, approved func(*Exception) bool) (count []Exception, pending []Pending) {
	by, merged := p.Approvals, map[string]*Exception{}
	if base != nil {
		by = base.Approvals
		for i := range base.Exceptions {
			merged[base.Exceptions[i].ID] = &base.Exceptions[i]
		}
	}
	has := func(w Way) bool { return slices.Contains(by.Accept, w) }
	atOnce := has(SignedBy) || has(Review)
	onlySigned := has(SignedBy) && !has(Base) && !has(Review)
	for _, e := range p.Exceptions {
		was := merged[e.ID]
		switch {
		case was != nil:
			e.PolicyID = was.PolicyID
		case base != nil:
			e.PolicyID = base.idOf(e.Position.File)
		}
		if onlySigned || was != nil && len(e.differences(was)) == 0 || atOnce && approved != nil && approved(&e) {
			count = append(count, e)
			continue
		}
		if was == nil {
			pending = append(pending, Pending{Exception: &e, Diff: e.permits()})
			continue
		}
		pending = append(pending, Pending{Exception: &e, Was: was, Diff: e.differences(was)})
		count = append(count, *was)
	}
	return count, pending
}

// idOf returns the policy-id of a file of which the policy was made, and for one that is
// not among these that of the policy itself: a change cannot choose for which policy-id
// an exception was signed, by writing another one into a file that it extends.
func (p *Policy) idOf(file string) string {
	for layer := range p.layers() {
		if unpinned(layer.Name) == unpinned(file) {
			return layer.ID
		}
	}
	return p.ID
}

// unpinned returns the name of a policy without what a change of it has differently: where
// it stands, or the commit of another repository.
func unpinned(name string) string {
	if i := strings.LastIndex(name, "@"); i >= 0 && strings.HasPrefix(name, RepositoryPrefix) {
		name = name[:i]
	}
	return strings.TrimPrefix(name, BasePrefix)
}

// stricter returns settings that keep to both.
func (s Settings) stricter(o Settings) Settings {
	s.Unlisted = unlisted(s.Unlisted).Stricter(unlisted(o.Unlisted)).Action
	s.MinJustification = max(s.MinJustification, o.MinJustification)
	s.MaxLifetime = min(s.MaxLifetime, o.MaxLifetime)
	s.WarnBeforeExpiry = max(s.WarnBeforeExpiry, o.WarnBeforeExpiry)
	if levelRank(o.UnusedExceptions) < levelRank(s.UnusedExceptions) {
		s.UnusedExceptions = o.UnusedExceptions
	}
	if levelRank(o.OpaquePayloads) < levelRank(s.OpaquePayloads) {
		s.OpaquePayloads = o.OpaquePayloads
	}
	strict := []FailOn{FailOnWarning, FailOnError, FailOnNever}
	if slices.Index(strict, o.FailOn) < slices.Index(strict, s.FailOn) {
		s.FailOn = o.FailOn
	}
	return s
}

// bothGroups returns the groups of both policies, without rules: these are asked for by
// the name of the group, by which the policies mean the same.
func bothGroups(base, head []Group) []Group {
	groups := slices.Clone(base)
	for _, g := range head {
		if i := slices.IndexFunc(base, func(o Group) bool { return o.Name == g.Name }); i >= 0 {
			groups[i] = g // with its place in the change
		} else {
			groups = append(groups, g)
		}
	}
	for i := range groups {
		groups[i].Rules = nil
	}
	return groups
}

// mergedStages returns the stages of base, each with what both policies demand in it and
// without rules: these are asked for by the name of the stage. One that only head has is
// none before it is merged, since in it nothing of base's demands would hold.
func mergedStages(base, head []Stage) []Stage {
	var stages []Stage
	for _, s := range base {
		if i := slices.IndexFunc(head, func(o Stage) bool { return o.Name == s.Name }); i >= 0 {
			s = s.stricter(head[i])
		}
		s.Rules = nil
		stages = append(stages, s)
	}
	return stages
}

// stricter returns a stage that demands what both do. Of the teams that both allow there
// may be none; then those of s are, since an empty list allows all.
func (s Stage) stricter(o Stage) Stage {
	both := s
	for _, r := range o.Require {
		if !slices.Contains(both.Require, r) {
			both.Require = append(slices.Clip(both.Require), r)
		}
	}
	common := slices.DeleteFunc(slices.Clone(s.TeamIDs), func(id string) bool { return !slices.Contains(o.TeamIDs, id) })
	switch {
	case len(s.TeamIDs) == 0:
		both.TeamIDs = o.TeamIDs
	case len(common) > 0:
		both.TeamIDs = common
	}
	is, _ := parseVersion(s.MinRuntimeVersion)
	other, _ := parseVersion(o.MinRuntimeVersion)
	if slices.Compare(other, is) > 0 {
		both.MinRuntimeVersion = o.MinRuntimeVersion
	}
	if len(both.Require) == len(o.Require) && slices.Equal(both.TeamIDs, o.TeamIDs) && both.MinRuntimeVersion == o.MinRuntimeVersion {
		both.Position = o.Position
	}
	return both
}

// changed is what follows the name of a group that a change defines in another way. No
// policy can name a group so.
const changed = " (changed)"

// otherGroups returns other names for the groups that base has by the same name and not
// in the same way.
func (p *Policy) otherGroups(base *Policy) map[string]string {
	names := map[string]string{}
	for i := range p.Groups {
		g := &p.Groups[i]
		if o := base.Group(g.Name); o != nil && !reflect.DeepEqual(g.unplaced(), o.unplaced()) {
			names[g.Name] = g.Name + changed
		}
	}
	return names
}

// renamed returns the policy with other names for some of its groups, in what it extends
// as well.
func (p *Policy) renamed(names map[string]string) *Policy {
	if len(names) == 0 {
		return p
	}
	q := *p
	q.Groups, q.Exceptions, q.Parents = slices.Clone(p.Groups), slices.Clone(p.Exceptions), slices.Clone(p.Parents)
	for i := range q.Groups {
		g := &q.Groups[i]
		g.Name = cmp.Or(names[g.Name], g.Name)
	}
	for i := range q.Exceptions {
		s := &q.Exceptions[i].AppliesTo
		s.Binaries = slices.Clone(s.Binaries)
		for i, name := range s.Binaries {
			s.Binaries[i] = cmp.Or(names[name], name)
		}
	}
	for i := range q.Parents {
		q.Parents[i] = q.Parents[i].renamed(names)
	}
	if q.Own != nil {
		q.Own = q.Own.renamed(names)
	}
	return &q
}

// unplaced returns the group as it would be anywhere else in a file.
func (g Group) unplaced() Group {
	g.Position, g.Fields, g.Rules, g.Stages = Position{}, nil, unplacedRules(g.Rules), slices.Clone(g.Stages)
	for i := range g.Stages {
		s := &g.Stages[i]
		s.Position, s.Fields, s.Rules = Position{}, nil, unplacedRules(s.Rules)
	}
	return g
}

func unplacedRules(rules []Rule) []Rule {
	rules = slices.Clone(rules)
	for i := range rules {
		rules[i].Position = Position{}
	}
	return rules
}
