package report

import (
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// evidenceHead says in a few words how far the code supports a claim.
func evidenceHead(a *evidence.Assessment) string { return supported(a.Strength, a.Text) }

func supported(s evidence.Strength, text string) string {
	head := map[evidence.Strength]string{
		evidence.Proves:     "the code has a use for it",
		evidence.Suggests:   "the code seems to have a use for it",
		evidence.Consistent: "the code may have a use for it",
		evidence.None:       "nothing found in the code that has a use for it",
	}[s]
	if text != "" {
		head += ": " + text
	}
	return head
}

// evidenceBrief says it in a line: what it comes to, and the strongest item.
func evidenceBrief(a *evidence.Assessment, told []string) string {
	s := "evidence: " + evidenceHead(a)
	if len(a.Items) > 0 {
		s += "; " + cited(a.Items[0], told)
	}
	return s
}

// cited says what an item is, and where, unless that is one of the paths that were told.
func cited(c evidence.Cited, told []string) string {
	s := c.Text
	if !slices.Contains(told, c.Path) {
		s = c.Path + " " + s
	}
	s = string(c.Strength) + ": " + s
	if c.Address != 0 {
		s += fmt.Sprintf(" at %#x", c.Address)
	}
	return s
}

// evidenceLines says all that is known of what the code says of a claim: what it comes to, each
// item, and what could not be followed, unless it is proven all the same. Paths that were told are
// not named again.
func evidenceLines(a *evidence.Assessment, told []string) (head string, items []string) {
	for _, c := range a.Items {
		items = append(items, cited(c, told))
	}
	if a.More > 0 {
		items = append(items, fmt.Sprintf("and %d more", a.More))
	}
	if a.Strength == evidence.Proves {
		return evidenceHead(a), items
	}
	for _, g := range a.Gaps {
		items = append(items, missed(g, told))
	}
	return evidenceHead(a), items
}

func missed(g evidence.Missed, told []string) string {
	if g.Path == "" || slices.Contains(told, g.Path) {
		return "not followed: " + g.Text
	}
	return "not followed: " + g.Path + ": " + g.Text
}

// evidence tells what the code says of a claim: the strongest item of each strength, or
// all that is known.
func (t *text) evidence(a *evidence.Assessment, told []string, indent string) {
	if a == nil {
		return
	}
	head, items := evidenceLines(a, told)
	t.prose(indent+"evidence: ", indent+"  ", sanitise.Text(head))
	if !t.verbose {
		items = items[:min(len(items), 1)]
		if len(a.Items) == 0 {
			items = nil
		}
	}
	for _, s := range items {
		t.prose(indent+"- ", indent+"  ", sanitise.Text(s))
	}
}

// evidenceFor returns the strongest that the code says of the claims that an exception
// approves, nil for nothing.
func evidenceFor(r *check.Report, e *policy.Exception) *evidence.Assessment {
	var best *evidence.Assessment
	for _, b := range r.Binaries {
		for _, c := range b.Claims {
			if c.Exception == e && c.Evidence != nil && (best == nil || !best.Strength.AtLeast(c.Evidence.Strength)) {
				best = c.Evidence
			}
		}
	}
	return best
}

type jsonEvidence struct {
	Strength evidence.Strength `json:"strength"`
	Items    []jsonCited       `json:"items"`
	More     int               `json:"more,omitempty"`
	Text     string            `json:"text,omitempty"`
	Gaps     []jsonMissed      `json:"gaps"`
}

type jsonMissed struct {
	Path string `json:"path,omitempty"`
	Text string `json:"text"`
}

type jsonCited struct {
	jsonItem
	Path string `json:"path"`
	May  bool   `json:"may_load,omitempty"`
}

// jsonItem is something in the code. Addresses are text, since they do not fit into the
// numbers of JSON.
type jsonItem struct {
	Need     evidence.Need     `json:"need"`
	Strength evidence.Strength `json:"strength"`
	Text     string            `json:"text"`
	Symbol   string            `json:"symbol,omitempty"`
	Address  string            `json:"address,omitempty"`
}

func itemJSON(it evidence.Item) jsonItem {
	out := jsonItem{Need: it.Need, Strength: it.Strength, Text: it.Text, Symbol: it.Symbol}
	if it.Address != 0 {
		out.Address = fmt.Sprintf("%#x", it.Address)
	}
	return out
}

func evidenceJSON(a *evidence.Assessment) *jsonEvidence {
	if a == nil {
		return nil
	}
	out := &jsonEvidence{Strength: a.Strength, Items: []jsonCited{}, More: a.More, Text: a.Text, Gaps: []jsonMissed{}}
	for _, g := range a.Gaps {
		out.Gaps = append(out.Gaps, jsonMissed(g))
	}
	for _, c := range a.Items {
		out.Items = append(out.Items, jsonCited{itemJSON(c.Item), c.Path, c.May})
	}
	return out
}

// showEvidence is what the code of one slice says.
type showEvidence struct {
	Items   []jsonItem   `json:"items"`
	Engines []jsonEngine `json:"engines"`
	Gaps    []jsonGap    `json:"gaps"`
}

type jsonGap struct {
	Needs []evidence.Need `json:"needs"`
	Text  string          `json:"text"`
}

type jsonEngine struct {
	Name     string `json:"name"`
	Version  string `json:"version,omitempty"`
	Category string `json:"category,omitempty"`

	Generates bool `json:"generates"`
}

func showCode(c *evidence.Code) *showEvidence {
	if c == nil {
		return nil
	}
	out := &showEvidence{Items: []jsonItem{}, Engines: []jsonEngine{}, Gaps: []jsonGap{}}
	for _, g := range c.Gaps {
		needs := g.Needs
		if needs == nil {
			needs = evidence.Needs()
		}
		out.Gaps = append(out.Gaps, jsonGap{needs, g.Text})
	}
	for _, it := range c.Items {
		out.Items = append(out.Items, itemJSON(it))
	}
	for _, e := range c.Engines {
		out.Engines = append(out.Engines, jsonEngine{e.Name, e.Version, e.Category, e.Generates})
	}
	return out
}
