package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/runner"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// node is the beginning of an element.
type node struct {
	name       string
	attributes map[string]string
}

// nodes returns the elements of a page and its text, without its style and its script,
// which are as they are in their files. What is no well-formed page is an error.
func nodes(t *testing.T, page string) (list []node, text string) {
	t.Helper()
	for _, own := range []string{"<style>" + pageStyle + "</style>", "<script>" + pageScript + "</script>"} {
		before, after, ok := strings.Cut(page, own)
		if !ok {
			t.Fatal("the page's own style and script are not in it")
		}
		page = before + after
	}
	page, ok := strings.CutPrefix(page, "<!doctype html>\n")
	if !ok {
		t.Fatal("no doctype")
	}
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose = false, xml.HTMLAutoClose
	var b strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list, b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			n := node{x.Name.Local, map[string]string{}}
			for _, a := range x.Attr {
				if _, twice := n.attributes[a.Name.Local]; twice {
					t.Errorf("%s has %s twice", n.name, a.Name.Local)
				}
				n.attributes[a.Name.Local] = a.Value
			}
			list = append(list, n)
		case xml.CharData:
			b.Write(x)
		case xml.Comment, xml.ProcInst, xml.Directive:
			t.Errorf("%T", x)
		}
	}
}

// pages are the pages of single reports and of several.
func pages(t *testing.T) map[string]string {
	list := map[string]string{
		"nothing":              asHTML(t),
		"many files":           mergedHTML(t, texts(t, laidOutFiles/13+1)...),
		"several":              asHTML(t, organisation(t, 3)...),
		"merged":               mergedHTML(t, several(t)...),
		"hostile repositories": asHTML(t, PartOf(evil, hostile(t)), PartOf(evil, hostile(t)), Part{Name: evil, Err: errors.New(evil)}),
	}
	for name, r := range reports(t) {
		list[name] = asHTML(t, PartOf("", r))
	}
	return list
}

var (
	ownElements = strings.Fields("html head meta title body a header nav output label select option optgroup form input button main h1 h2 h3 section dl div dt dd p " +
		"table caption thead tbody tr th td time span code ul li details summary pre noscript figure figcaption svg line rect text footer br")
	ownAttributes = strings.Fields("lang charset http-equiv content name class href aria-label aria-labelledby aria-live id for form value type autocomplete spellcheck role tabindex " +
		"hidden scope colspan label data-row data-part data-keys data-levels data-verdicts data-states open viewBox x y x1 x2 y1 y2 width height")
)

func TestHTMLIsMadeOfItsOwnElementsAlone(t *testing.T) {
	for name, page := range pages(t) {
		t.Run(name, func(t *testing.T) {
			list, _ := nodes(t, page)
			for _, n := range list {
				if !slices.Contains(ownElements, n.name) {
					t.Errorf("the element %s", n.name)
				}
				for a := range n.attributes {
					if !slices.Contains(ownAttributes, a) {
						t.Errorf("the attribute %s of %s", a, n.name)
					}
				}
				if href, ok := n.attributes["href"]; ok && !strings.HasPrefix(href, "#") && !strings.HasPrefix(href, "https://github.com/codewarrant/codewarrant") {
					t.Errorf("a link to %s", href)
				}
			}
		})
	}
}

func TestHTMLNamesEachPlaceOnceAndLeadsToNoOther(t *testing.T) {
	for name, page := range pages(t) {
		t.Run(name, func(t *testing.T) {
			list, _ := nodes(t, page)
			ids := map[string]int{}
			for _, n := range list {
				if id, ok := n.attributes["id"]; ok {
					ids[id]++
				}
			}
			for id, n := range ids {
				if n > 1 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") != "" {
					t.Errorf("%d places are named %q", n, id)
				}
			}
			for _, n := range list {
				for _, a := range []string{"href", "aria-labelledby", "form"} {
					to, ok := n.attributes[a]
					if anchor := strings.TrimPrefix(to, "#"); ok && ids[anchor] == 0 && !strings.HasPrefix(to, "https://") {
						t.Errorf("%s leads to %q, which is nowhere", n.name, anchor)
					}
				}
			}
		})
	}
}

func TestHTMLIsNoCommandToTheRunner(t *testing.T) {
	for name, page := range pages(t) {
		if a := runner.Annotations(page); len(a) > 0 || strings.Contains(page, "##[") {
			t.Errorf("%s: the runner finds %v", name, a)
		}
		var b strings.Builder
		if _, err := io.WriteString(sanitise.Log(&b), page); err != nil || b.String() != page {
			t.Errorf("%s: there is something that looks like a command", name)
		}
	}
}

func TestHTMLShowsWhatIsHostileAsText(t *testing.T) {
	_, text := nodes(t, asHTML(t, PartOf("", hostile(t))))
	if want := sanitise.Text(evil); strings.Count(text, want) < 40 {
		t.Errorf("%q is there %d times", want, strings.Count(text, want))
	}
}

// What a file says does not end the text that its part is until it is opened.
func TestHTMLPacksWhatIsHostile(t *testing.T) {
	page := asHTML(t, PartOf("", packed(t)))
	list, _ := nodes(t, page)
	files := rowsOf(list)["file"]
	if begins, ends := strings.Count(page, "<noscript"), strings.Count(strings.ToLower(page), "</noscript"); files <= laidOutFiles || begins != files || ends != files {
		t.Errorf("%d parts of files, %d that begin and %d that end", files, begins, ends)
	}
	for _, n := range list {
		if !slices.Contains(ownElements, n.name) {
			t.Errorf("the element %s", n.name)
		}
	}
}

// rowsOf counts the rows of each kind.
func rowsOf(list []node) map[string]int {
	n := map[string]int{}
	for _, x := range list {
		if kind, ok := x.attributes["data-row"]; ok {
			n[kind]++
		}
	}
	return n
}

func TestHTMLHasARowForEachThing(t *testing.T) {
	several := organisation(t, 3)
	wantSeveral := map[string]int{"repository": 4, "exception": 9, "claims": 3, "file": 39}
	for _, p := range several {
		for _, r := range p.reports {
			d, _ := r.open()
			wantSeveral["finding"] += len(d.Findings)
		}
	}
	for _, row := range []struct {
		name  string
		parts []Part
		want  map[string]int
	}{
		{"one report", []Part{PartOf("", acme(t))}, map[string]int{"exception": 4, "pending": 2, "claims": 3, "finding": 8, "file": 7}},
		{"several", several, wantSeveral},
		{"exceptions of which the day is not known", []Part{partOfDocument("", &Document{Exceptions: DocumentOf(acme(t), "").Exceptions})}, map[string]int{"exception": 4}},
		{"a report of nothing", []Part{{}}, map[string]int{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			list, _ := nodes(t, asHTML(t, row.parts...))
			if diff := cmp.Diff(row.want, rowsOf(list)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestHTMLIsTheSameEachTime(t *testing.T) {
	one, other := asHTML(t, organisation(t, 20)...), asHTML(t, organisation(t, 20)...)
	if one != other {
		t.Error("equal reports give different pages")
	}
}

func TestHTMLBoundsItsMatrix(t *testing.T) {
	r := clean(t)
	b := r.Binaries[1]
	r.Binaries = nil
	for i := range maxMatrixRows + 7 {
		b.Paths = []string{fmt.Sprintf("bin/program-%04d", i)}
		b.Claims = []check.Claim{{Entitlement: fmt.Sprintf("com.acme.%d", i%(maxMatrixColumns+5)), Value: entitlement.Bool(true), Verdict: check.Allowed}}
		r.Binaries = append(r.Binaries, b)
	}
	page := asHTML(t, PartOf("", r))
	list, text := nodes(t, page)
	if n := rowsOf(list)["claims"]; n != maxMatrixRows {
		t.Errorf("%d rows", n)
	}
	for _, want := range []string{"5 more entitlements left out here", "7 more rows left out here"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
}

func TestHTMLSaysHowLongAnExceptionHolds(t *testing.T) {
	today := date(t, "2026-11-02")
	for _, row := range []struct {
		name, last, says string
		want             expiry
	}{
		{"long gone", "2000-01-01", "ended 9802 days ago", expired},
		{"gone yesterday", "2026-11-01", "ended 1 day ago", expired},
		{"today is the last day", "2026-11-02", "its last day", soon},
		{"one day is left", "2026-11-03", "in 1 day", soon},
		{"as many as are told of", "2026-12-02", "in 30 days", soon},
		{"one more", "2026-12-03", "in 31 days", later},
		{"far away", "9999-12-31", "in 2912137 days", later},
		{"no day", "", "no end", never},
		{"not a day", "<b>", "no end", never},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, says := expiryOf(row.last, today), remaining(row.last, today); got != row.want || says != row.says {
				t.Errorf("%s, %s; want %s, %s", got, says, row.want, row.says)
			}
		})
	}
}

func TestHTMLDrawsWhatEndsNearTheDay(t *testing.T) {
	at := date(t, "2026-11-02")
	r := &check.Report{Policy: acmePolicy, Stage: "release", At: at}
	for i, last := range []string{"2000-01-01", "2025-11-01", "2025-11-02", "2026-11-02", "2026-11-03", "2028-10-31", "2028-12-31", "9999-12-31"} {
		e := exception(t, fmt.Sprintf("EXC-%d", i), camera)
		e.Expires = date(t, last)
		r.Exceptions = append(r.Exceptions, check.ExceptionReport{Exception: e, Use: check.Unused})
	}
	list, text := nodes(t, asHTML(t, PartOf("", r)))
	var columns []string
	for _, n := range list {
		if n.name == "rect" {
			columns = append(columns, n.attributes["class"])
		}
	}
	// The first month is drawn from its first day.
	if diff := cmp.Diff([]string{"expired", "soon", "later"}, columns); diff != "" {
		t.Error(diff)
	}
	if want := "3 exceptions that end more than a year before or two years after"; !strings.Contains(text, want) {
		t.Errorf("it does not say %q", want)
	}
}

func TestHTMLHoldsItsStyleAndScriptAsTheyAre(t *testing.T) {
	for name, s := range map[string]string{"style": pageStyle, "script": pageScript} {
		for _, ends := range []string{"</", "<!--", "]]>", "\r", "\x00"} {
			if strings.Contains(s, ends) {
				t.Errorf("the %s holds %q", name, ends)
			}
		}
	}
	for _, word := range []string{"url(", "@import", "http:", "https:"} {
		if strings.Contains(pageStyle, word) {
			t.Errorf("the style may fetch something: %s", word)
		}
	}
	for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval", "fetch", "XMLHttpRequest", "import"} {
		if strings.Contains(pageScript, word) {
			t.Errorf("the script uses %s", word)
		}
	}
}

func TestAnchorsAreEachTakenOnce(t *testing.T) {
	a := anchors{}
	long := strings.Repeat("x", 2*maxAnchor)
	var got []string
	for _, words := range [][]string{{"a"}, {"a", "2"}, {"a"}, {"a"}, {"<b> é"}, {long}, {long}} {
		got = append(got, a.of("file", words...))
	}
	want := []string{"file-a", "file-a-2", "file-a-3", "file-a-4", "file--b---", "file-" + long[:maxAnchor-5], "file-" + long[:maxAnchor-5] + "-2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{"", "plain", evil, "</script>", "\"'`<>&", "\xff\u202e"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := clean(t)
		r.Policy, r.Stage = s, s
		r.Binaries[0].Paths = []string{s}
		r.Binaries[0].Claims[0].Entitlement = s
		r.Exceptions[0].Exception.ID, r.Exceptions[0].Exception.Owner = s, s
		r.Findings = []check.Finding{{Rule: s, Level: policy.Level(s), Message: s, Paths: []string{s}, Entitlement: s, Suggestion: s}}
		list, _ := nodes(t, asHTML(t, PartOf(s, r)))
		for _, n := range list {
			if !slices.Contains(ownElements, n.name) {
				t.Errorf("the element %s", n.name)
			}
		}
	})
}
