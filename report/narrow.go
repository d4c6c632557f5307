package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// NarrowSchema names the format of [NarrowJSON]. A field may be added to it; none is
// taken away or changes its meaning.
const NarrowSchema = "codewarrant.narrow/1"

// NarrowText writes what is proposed for each program as a change to the property list that
// it is signed with, and under each line how sure that is.
func NarrowText(w io.Writer, list []check.Narrowing, o TextOptions) error {
	t := newText(w, o)
	t.verbose = o.Verbose
	for i, n := range list {
		if i > 0 {
			t.line("")
		}
		t.narrowing(n)
	}
	return t.w.Flush()
}

func (t *text) narrowing(n check.Narrowing) {
	t.line("%s", t.bold(sanitise.Text(n.Path)))
	head := strings.Join(n.Archs, ", ")
	if !n.Hardened {
		head += ": the hardened runtime is off, so that its exceptions on memory and libraries do nothing"
	}
	t.prose("  ", "    ", sanitise.Text(head))
	if len(n.Proposals) == 0 {
		t.line("  claims nothing, and seems to need nothing")
		return
	}
	t.line("    <dict>")
	var silent []string
	for _, p := range n.Proposals {
		if p.Evidence == nil {
			silent = append(silent, p.Entitlement)
			continue
		}
		t.proposal(n.Path, p)
	}
	if len(silent) > 0 {
		t.prose("        ", "          ", sanitise.Text(fmt.Sprintf("… %d more, of which the code says nothing: %s", len(silent), strings.Join(silent, ", "))))
	}
	t.line("    </dict>")
}

func (t *text) proposal(path string, p evidence.Proposal) {
	mark, word := " ", map[evidence.Certainty]string{evidence.Certain: "has a use", evidence.Likely: "seems to have a use", evidence.Open: "may have a use"}[p.Certainty]
	paint := func(s string) string { return s }
	switch p.Change {
	case evidence.Remove:
		mark, word, paint = "-", map[evidence.Certainty]string{evidence.Likely: "does not seem to have a use", evidence.Open: "may have no use"}[p.Certainty], t.red
	case evidence.Add:
		mark, paint = "+", t.green
	}
	t.line("  %s", paint(fmt.Sprintf("%s   <key>%s</key>", mark, sanitise.Text(p.Entitlement))))
	t.line("  %s", paint(mark+"   <true/>"))
	t.prose("          ", "          ", sanitise.Text(word+": "+p.Why))
	items := p.Evidence.Items
	if !t.verbose {
		items = items[:min(len(items), 1)]
	}
	for _, c := range items {
		t.prose("          - ", "            ", sanitise.Text(cited(c, []string{path})))
	}
	if p.Change != evidence.Remove && p.Certainty == evidence.Certain {
		return
	}
	for i, g := range p.Evidence.Gaps {
		if i == 2 && !t.verbose {
			t.line("          - and %d more that could not be followed", len(p.Evidence.Gaps)-i)
			break
		}
		t.prose("          - ", "            ", sanitise.Text(missed(g, []string{path})))
	}
}

// NarrowJSON writes the same for programs. version is that of the program.
func NarrowJSON(w io.Writer, list []check.Narrowing, version string) error {
	return writeJSON(w, showReport{NarrowSchema, tool{"codewarrant", version}}, listOf("programs", list, narrowJSON))
}

type jsonNarrowing struct {
	Path      string         `json:"path"`
	Archs     []string       `json:"archs"`
	Hardened  bool           `json:"hardened_runtime"`
	Proposals []jsonProposal `json:"proposals"`
}

type jsonProposal struct {
	Entitlement string             `json:"entitlement"`
	Change      evidence.Change    `json:"change"`
	Certainty   evidence.Certainty `json:"certainty"`
	Why         string             `json:"why"`
	Evidence    *jsonEvidence      `json:"evidence,omitempty"`
}

func narrowJSON(n check.Narrowing) jsonNarrowing {
	out := jsonNarrowing{Path: n.Path, Archs: slices.Clone(n.Archs), Hardened: n.Hardened, Proposals: []jsonProposal{}}
	for _, p := range n.Proposals {
		out.Proposals = append(out.Proposals, jsonProposal{p.Entitlement, p.Change, p.Certainty, p.Why, evidenceJSON(p.Evidence)})
	}
	return out
}
