package policy

import (
	"github.com/codewarrant/codewarrant/internal/inorder"
	"go.yaml.in/yaml/v4"
)

// Expiring returns the exceptions that run out within as many days after the day at, or
// have: those in the policy's own file, and those in what it extends. Those that end
// first come first.
func (p *Policy) Expiring(at Date, days int) (own, inherited []*Exception) {
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		switch {
		case e.Expires.IsZero() || e.Expires.DaysSince(at) > days:
		case e.Position.File == p.Name:
			own = append(own, e)
		default:
			inherited = append(inherited, e)
		}
	}
	for _, list := range [][]*Exception{own, inherited} {
		inorder.By(list, func(a, b *Exception) int { return a.Expires.DaysSince(b.Expires) })
	}
	return own, inherited
}

// LongestLife returns for how many days at most an exception for the key may hold
// once it is approved.
func (p *Policy) LongestLife(key string) int {
	days := p.Settings.MaxLifetime
	for _, d := range p.decisions(key) {
		if d.Action == RequireJustification {
			days = min(days, p.Terms(d).MaxLifetime)
		}
	}
	return days
}

// Renew returns the text of a policy in which some exceptions are ready to be approved
// until another day: expires is that day, the approval that was there is the last of the
// renewals, and approved-by, approved-on and signatures are empty. approvers are, by the
// ids of these exceptions, those who approved each; of one that nobody did there is
// nothing to keep.
//
// What is written is in the form of [Format]; every other line stays as it is. Of an
// exception that cannot be edited in place the error, of type [Errors], says where.
func Renew(name string, src []byte, approvers map[string][]string, expires Date) ([]byte, []Hunk, error) {
	ed, err := newEditor(name, src)
	if err != nil {
		return nil, nil, err
	}
	for i := range ed.policy.Exceptions {
		e := &ed.policy.Exceptions[i]
		if by, ok := approvers[e.ID]; ok {
			ed.renew(e, by, expires)
		}
	}
	return ed.finish()
}

func (ed *editor) renew(e *Exception, by []string, expires Date) {
	text := ed.exception(e.ID)
	if len(by) > 0 && !e.ApprovedOn.IsZero() && !e.Expires.IsZero() {
		ed.add(text, "renewals", ed.renewalNode(Renewal{by, e.ApprovedOn, e.Expires}))
	}
	ed.set(text, "expires", ed.dateNode(expires))
	if !e.ApprovedOn.IsZero() {
		ed.set(text, "approved-on", ed.dateNode(Date{}))
	}
	for _, key := range []string{"approved-by", "signatures"} {
		if v := text.kid(key); v != nil && !isEmpty(v.value) {
			ed.set(text, key, listOf())
		}
	}
}

// renewalNode returns the node of a former approval, in braces if it fits on a line.
func (ed *editor) renewalNode(r Renewal) *yaml.Node {
	names := listOf()
	for _, name := range r.ApprovedBy {
		names.Content = append(names.Content, textNode(name))
	}
	return &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle, Content: []*yaml.Node{
		textNode("approved-by"), names, textNode("approved-on"), ed.dateNode(r.ApprovedOn), textNode("expires"), ed.dateNode(r.Expires),
	}}
}
