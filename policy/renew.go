package policy

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Expiring returns the exceptions that stand in the policy's own file and run out
// within as many days after the day at, or have: those that end first come first.
func (p *Policy) Expiring(at Date, days int) []*Exception {
	var list []*Exception
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		if e.Position.File == p.Name && !e.Expires.IsZero() && e.Expires.DaysSince(at) <= days {
			list = append(list, e)
		}
	}
	slices.SortStableFunc(list, func(a, b *Exception) int { return a.Expires.DaysSince(b.Expires) })
	return list
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

// Hunk is a run of lines that an edit replaces.
type Hunk struct {
	Line     int // of the first one in the old text, from 1
	Old, New []string
}

// Renew returns the text of a policy in which the exceptions with these ids are ready
// to be approved until another day: expires is that day, the approval that was there
// is the last of the renewals, and approved-by, approved-on and signatures are empty.
// Nothing else of the text differs. Of an exception that is written in a way that
// cannot be edited in place the error, of type [Errors], says where.
func Renew(name string, src []byte, ids []string, expires Date) ([]byte, []Hunk, error) {
	p, err := Parse(name, src)
	if err != nil {
		return nil, nil, err
	}
	body := bytes.TrimPrefix(src, byteOrderMark)
	root := treeOf(name, body)
	ed := newEditor(name, body)
	for _, e := range exceptionNodes(root) {
		i := slices.IndexFunc(p.Exceptions, func(x Exception) bool { return x.ID == valueOf(e, "id").Value })
		if i < 0 || !slices.Contains(ids, p.Exceptions[i].ID) {
			continue
		}
		ed.renew(e, &p.Exceptions[i], expires)
	}
	if len(ed.errs) > 0 {
		return nil, nil, ed.errs.sorted()
	}
	edited, hunks := ed.apply()
	out := append(slices.Clone(src[:len(src)-len(body)]), edited...)
	if _, err := Parse(name, out); err != nil {
		return nil, nil, fmt.Errorf("the renewed policy would not be valid: %w", err)
	}
	if !sameTree(root, treeOf(name, edited)) { // root was changed as was meant
		return nil, nil, fmt.Errorf("%s is written in a way that cannot be edited in place", name)
	}
	return out, hunks, nil
}

// treeOf returns the root of a text that parses.
func treeOf(name string, body []byte) *yaml.Node {
	r := &reader{file: name}
	return r.document(body)
}

// exceptionNodes returns the mappings of the exceptions.
func exceptionNodes(root *yaml.Node) []*yaml.Node {
	if list := valueOf(root, "exceptions"); list != nil {
		return list.Content
	}
	return nil
}

// sameTree compares what two trees say, however it is written.
func sameTree(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Value == b.Value && slices.EqualFunc(a.Content, b.Content, sameTree)
}

// renew edits the text of one exception, and its nodes alike.
func (ed *editor) renew(n *yaml.Node, e *Exception, expires Date) {
	if len(e.ApprovedBy) > 0 && !e.ApprovedOn.IsZero() {
		ed.appendRenewal(n, Renewal{e.ApprovedBy, e.ApprovedOn, e.Expires})
	}
	old := valueOf(n, "expires")
	ed.replaceText(old, expires.String())
	old.Value = expires.String()
	if v := valueOf(n, "approved-on"); v != nil && v.Value != "" {
		ed.replaceScalar(v, `""`)
		v.Value = ""
	}
	for _, key := range []string{"approved-by", "signatures"} {
		if v := valueOf(n, key); v != nil && (len(v.Content) > 0 || v.Value != "") {
			ed.emptyList(n, key, v)
			v.Kind, v.Value, v.Content = yaml.SequenceNode, "", nil
		}
	}
}

// appendRenewal adds a former approval to the renewals.
func (ed *editor) appendRenewal(n *yaml.Node, r Renewal) {
	item := r.flow()
	list := valueOf(n, "renewals")
	switch {
	case list == nil && n.Style&yaml.FlowStyle != 0:
		ed.insertAfterScalar(valueOf(n, "expires"), ", renewals: ["+item+"]")
	case list == nil:
		indent := strings.Repeat(" ", n.Column-1)
		ed.insertLine(valueOf(n, "expires").Line, indent+"renewals:", indent+"  - "+item)
	case list.Style&yaml.FlowStyle != 0:
		ed.insertBeforeEnd(list, item)
	default:
		ed.insertLine(ed.lastLine(list), strings.Repeat(" ", list.Column-1)+"- "+item)
	}
	node := treeOf("", []byte(item))
	if list == nil {
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: "renewals"}
		list = &yaml.Node{Kind: yaml.SequenceNode}
		i := slices.Index(n.Content, valueOf(n, "expires"))
		n.Content = slices.Insert(n.Content, i+1, key, list)
	}
	list.Content = append(list.Content, node)
}

// flow writes an approval as a YAML mapping on one line.
func (r Renewal) flow() string {
	names := make([]string, len(r.ApprovedBy))
	for i, name := range r.ApprovedBy {
		names[i] = inQuotes(name)
	}
	return fmt.Sprintf("{approved-by: [%s], approved-on: %s, expires: %s}", strings.Join(names, ", "), r.ApprovedOn, r.Expires)
}
