package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/compare"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// ChangesSchema names the format of [ChangesJSON]; schema/diff.v1.schema.json describes
// it. A field may be added to it; none is taken away or changes its meaning.
const ChangesSchema = "codewarrant.diff/1"

// Changes is what a new build may do differently from an old one.
type Changes struct {
	From, To string // what was compared, as it was named
	By       string // what the changes come with, such as this pull request; empty: this
	*compare.Result
}

// maxMatches is how many files that go by another name now are named to people.
const maxMatches = 20

var directionTitles = []struct {
	direction policy.Direction
	title     string
}{
	{policy.Looser, "May do more"},
	{policy.Stricter, "May do less"},
	{policy.Neutral, "Neither"},
}

var byWords = map[compare.By]string{
	compare.ByVersion:    "the path is the same but for numbers of versions",
	compare.ByFolder:     "the path is the same below the first folder",
	compare.ByIdentifier: "the identifier and the type are the same",
	compare.ByBeingAlone: "there is no other one",
}

// ChangesText writes what the new build may do differently, for people: first what could
// not be read, then that by which it may do more, by what is at risk.
func ChangesText(w io.Writer, c *Changes, o TextOptions) error {
	t := newText(w, o)
	t.line("%s -> %s", sanitise.Text(c.From), sanitise.Text(c.To))
	t.unreadSides(c)
	marks := map[policy.Direction]string{policy.Looser: t.red("+"), policy.Stricter: t.green("-"), policy.Neutral: "·"}
	for _, g := range directionTitles {
		if c.Count(g.direction) == 0 {
			continue
		}
		t.line("")
		t.line("%s", t.bold(g.title))
		for _, p := range placesOf(c.Result.Changes, g.direction) {
			t.line("  %s", sanitise.Text(p.where))
			for _, one := range p.changes {
				t.buildChange(marks[g.direction], one)
			}
		}
	}
	t.matches(c.Matches)
	if len(c.NotCompared) > 0 {
		t.line("")
		t.line("%s", t.bold("Not compared"))
		for _, s := range c.NotCompared {
			t.prose("  · ", "    ", sanitise.Text(s))
		}
	}
	t.line("")
	t.line("%s", changesSummary(c))
	return t.w.Flush()
}

// changesSummary tells the result in one line.
func changesSummary(c *Changes) string {
	s := fmt.Sprintf("changes by which it may do more %d, by which less %d, others %d; files compared %d, new %d, gone %d",
		c.Count(policy.Looser), c.Count(policy.Stricter), c.Count(policy.Neutral), len(c.Matches), c.Came, c.Went)
	if n := len(c.FromUnread) + len(c.ToUnread); n > 0 {
		s += fmt.Sprintf("; not all could be read: %d", n)
	}
	return s
}

func (t *text) unreadSides(c *Changes) {
	if c.Whole() {
		return
	}
	t.line("")
	t.line("%s", t.red("Could not be read, so that more may have changed than is told"))
	for _, s := range unreadLines(c) {
		t.prose("  ! ", "    ", sanitise.Text(s))
	}
}

// unreadLines says what could not be read on which side.
func unreadLines(c *Changes) []string {
	var lines []string
	tell := func(side string, list []compare.Unread) {
		for _, u := range list {
			if u.Path != "" {
				u.Message = u.Path + ": " + u.Message
			}
			lines = append(lines, side+": "+u.Message)
		}
	}
	tell("old", c.FromUnread)
	tell("new", c.ToUnread)
	return lines
}

// place is what changed in one file.
type place struct {
	where   string
	changes []compare.Change
}

// placesOf groups the changes in a direction by where they are, in the order of the worst.
func placesOf(list []compare.Change, d policy.Direction) []place {
	var places []place
	index := map[string]int{}
	for _, c := range list {
		if c.Direction != d {
			continue
		}
		where := whereOf(c)
		i, ok := index[where]
		if !ok {
			i = len(places)
			index[where] = i
			places = append(places, place{where: where})
		}
		if p := &places[i]; c.Subject == "binary" { // that it is new comes before what it claims
			p.changes = slices.Insert(p.changes, 0, c)
		} else {
			p.changes = append(p.changes, c)
		}
	}
	return places
}

// whereOf names the file of a change, and the architectures.
func whereOf(c compare.Change) string {
	where := first(c.Paths)
	if n := len(c.Paths); n > 1 {
		where += " and " + plural(n-1, "copy")
	}
	if len(c.Archs) > 0 {
		where += " (" + strings.Join(c.Archs, ", ") + ")"
	}
	return where
}

func (t *text) buildChange(mark string, c compare.Change) {
	t.marked("    ", mark, sanitise.Text(c.Message))
	if about := aboutEntitlement(c); about != "" {
		t.prose("        ", "        ", sanitise.Text(about))
	}
}

// aboutEntitlement says what is known of the entitlement of a change.
func aboutEntitlement(c compare.Change) string {
	switch {
	case c.Entitlement == "" || c.Subject == "evidence":
		return ""
	case c.Risk == "" && strings.HasPrefix(c.Entitlement, "com.apple."):
		return "not documented by Apple"
	case c.Risk == "":
		return "" // not one of Apple's
	case c.Title == "":
		return c.Risk + " risk"
	}
	return fmt.Sprintf("%s (%s risk)", c.Title, c.Risk)
}

// matches tells which files were compared with one of another path.
func (t *text) matches(list []compare.Match) {
	told, versions := 0, 0
	for _, m := range list {
		switch {
		case m.By == compare.ByPath:
			continue
		case m.By == compare.ByVersion:
			versions++
			continue
		case told == 0:
			t.line("")
			t.line("%s", t.bold("Compared with a file of another path"))
		}
		if told++; told <= maxMatches {
			t.prose("  · ", "    ", sanitise.Text(fmt.Sprintf("%s with %s: %s", m.To, m.From, byWords[m.By])))
		}
	}
	if told > maxMatches {
		t.line("  · and %d more", told-maxMatches)
	}
	if versions > 0 {
		t.line("")
		t.line("files of which the path is the same but for numbers of versions: %d", versions)
	}
}

// ChangesMarkdown writes the same for the summary of a job, or for a comment, in no more
// than limit bytes (0: [SummaryLimit]); what does not fit is left out by whole rows, the
// least first, and it says so.
func ChangesMarkdown(w io.Writer, c *Changes, limit int) error {
	if limit == 0 {
		limit = SummaryLimit
	}
	m := &markdown{limit: limit}
	icon := "✅"
	switch {
	case !c.Whole():
		icon = "❌"
	case c.Count(policy.Looser) > 0:
		icon = "⚠️"
	}
	code := func(s string) string { return sanitise.Code(cut(s, maxCell, "…")) }
	m.add(fmt.Sprintf("## %s codewarrant: what %s changes in what the app may do\n\n%s → %s: %s.\n", icon, cmp.Or(c.By, "this"), code(c.From), code(c.To), changesSummary(c)))
	m.lines("Could not be read", "thing", unreadLines(c))
	for _, g := range directionTitles {
		places := placesOf(c.Result.Changes, g.direction)
		var rows []compare.Change
		for _, p := range places {
			rows = append(rows, p.changes...)
		}
		m.table(g.title, "| What | Where |", "change", len(rows), func(i int) string { return buildChangeRow(rows[i]) })
	}
	m.lines("Not compared", "thing", c.NotCompared)
	_, err := io.WriteString(w, m.b.String())
	return err
}

func (m *markdown) lines(heading, things string, list []string) {
	m.table(heading, "| What |", things, len(list), func(i int) string {
		return "| " + sanitise.Markdown(cut(list[i], maxCell, "…")) + " |\n"
	})
}

func buildChangeRow(c compare.Change) string {
	what := cell(c.Message)
	if about := aboutEntitlement(c); about != "" {
		what += "<br><sub>" + cell(about) + "</sub>"
	}
	where := []string{sanitise.Code(cut(first(c.Paths), maxCell, "…"))}
	if n := len(c.Paths); n > 1 {
		where = append(where, "and "+plural(n-1, "copy"))
	}
	if len(c.Archs) > 0 {
		where = append(where, cell(strings.Join(c.Archs, ", ")))
	}
	return fmt.Sprintf("| %s | %s |\n", what, strings.Join(where, "<br>"))
}

type jsonChanges struct {
	Schema      string            `json:"schema"`
	Tool        tool              `json:"tool"`
	From        jsonSide          `json:"from"`
	To          jsonSide          `json:"to"`
	Whole       bool              `json:"whole"`
	Counts      jsonChangeCounts  `json:"counts"`
	Changes     []jsonBuildChange `json:"changes"`
	Matches     []jsonMatch       `json:"matches"`
	NotCompared []string          `json:"not_compared"`
}

type jsonSide struct {
	Name   string       `json:"name"`
	Unread []jsonUnread `json:"unread"`
}

type jsonUnread struct {
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
}

type jsonChangeCounts struct {
	diffCounts
	Compared int `json:"compared"`
	New      int `json:"new"`
	Gone     int `json:"gone"`
}

type jsonBuildChange struct {
	Direction   policy.Direction   `json:"direction"`
	Subject     string             `json:"subject"`
	Paths       []string           `json:"paths"`
	Archs       []string           `json:"archs"`
	Entitlement string             `json:"entitlement,omitempty"`
	Title       string             `json:"title,omitempty"`
	Risk        string             `json:"risk,omitempty"`
	From        *entitlement.Value `json:"from,omitempty"`
	To          *entitlement.Value `json:"to,omitempty"`
	Message     string             `json:"message"`
}

type jsonMatch struct {
	From string     `json:"from"`
	To   string     `json:"to"`
	By   compare.By `json:"by"`
}

// ChangesJSON writes the same for programs, as [JSON] writes a report.
func ChangesJSON(w io.Writer, c *Changes, version string) error {
	unread := func(u compare.Unread) jsonUnread { return jsonUnread(u) }
	return writeJSON(w, jsonChanges{
		ChangesSchema,
		tool{"codewarrant", version},
		jsonSide{c.From, each(c.FromUnread, unread)},
		jsonSide{c.To, each(c.ToUnread, unread)},
		c.Whole(),
		jsonChangeCounts{
			diffCounts{c.Count(policy.Looser), c.Count(policy.Stricter), c.Count(policy.Neutral)},
			len(c.Matches), c.Came, c.Went,
		},
		each(c.Result.Changes, func(o compare.Change) jsonBuildChange {
			return jsonBuildChange{o.Direction, o.Subject, list(o.Paths), list(o.Archs), o.Entitlement, o.Title, o.Risk, o.From, o.To, o.Message}
		}),
		each(c.Matches, func(m compare.Match) jsonMatch { return jsonMatch(m) }),
		list(c.NotCompared),
	})
}
