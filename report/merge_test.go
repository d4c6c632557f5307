package report

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// merge returns what a merge of texts comes to.
func merge(t testing.TB, texts ...[]byte) []byte {
	t.Helper()
	var m Merger
	for _, b := range texts {
		if err := m.Add(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := m.Write(&b, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// several are reports of which two pairs contradict one another.
func several(t testing.TB) [][]byte {
	var texts [][]byte
	for _, name := range []string{"clean", "pgctl", "acme", "hostile", "empty"} {
		texts = append(texts, asJSON(t, reports(t)[name]))
	}
	other := pgctl(t)
	other.Findings = other.Findings[:2]
	another := clean(t)
	another.Findings = []check.Finding{{Rule: check.RuleUnusedException, Level: policy.Note}}
	later := pgctl(t)
	later.At = date(t, "2026-11-03")
	return append(texts, asJSON(t, other), asJSON(t, another), asJSON(t, later))
}

// However reports are put together, in whatever order and how often, what comes out is the
// same.
func TestMergingIsAssociativeCommutativeAndIdempotent(t *testing.T) {
	all := several(t)
	want := merge(t, all...)
	r := rand.New(rand.NewPCG(3, 4))
	// any merges some reports in some way.
	var anyway func(texts [][]byte) []byte
	anyway = func(texts [][]byte) []byte {
		if len(texts) == 1 {
			if r.IntN(2) == 0 {
				return texts[0]
			}
			return merge(t, texts[0], texts[0])
		}
		cut := 1 + r.IntN(len(texts)-1)
		parts := [][]byte{anyway(texts[:cut]), anyway(texts[cut:])}
		if r.IntN(2) == 0 {
			parts[0], parts[1] = parts[1], parts[0]
		}
		if r.IntN(3) == 0 {
			parts = append(parts, parts[0])
		}
		return merge(t, parts...)
	}
	for range 15 {
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if got := anyway(all); !bytes.Equal(got, want) {
			t.Fatalf("-want +got:\n%s", cmp.Diff(string(want), string(got)))
		}
	}
	a, b, c := all[0], all[1], all[2]
	if !bytes.Equal(merge(t, a, merge(t, b, c)), merge(t, merge(t, a, b), c)) {
		t.Error("not associative")
	}
	if !bytes.Equal(merge(t, a, b), merge(t, b, a)) {
		t.Error("not commutative")
	}
	if !bytes.Equal(merge(t, a, a), merge(t, a)) || !bytes.Equal(merge(t, merge(t, a)), merge(t, a)) {
		t.Error("not idempotent")
	}
}

func TestAMergedReportIsWhatItsSchemaSays(t *testing.T) {
	got := part(t, planA, 2, 3, several(t)...)
	golden(t, "merged.json", got)
	v := asValue(t, func(w io.Writer) error {
		_, err := w.Write(got)
		return err
	})
	runs := v.(map[string]any)["runs"].([]any)
	inner := compile(t, "../schema/report.v1.schema.json")
	for i, run := range runs {
		if err := inner.Validate(run.(map[string]any)["report"]); err != nil {
			t.Errorf("%d: %v", i, err)
		}
		if i > 0 {
			run.(map[string]any)["report"] = map[string]any{} // its fields are of another schema
		}
	}
	holds(t, "../schema/merged.v1.schema.json", v)
}

func TestTheResultOfAMergeIsTheWorst(t *testing.T) {
	text := func(edit func(*check.Report)) []byte {
		r := clean(t)
		edit(r)
		return asJSON(t, r)
	}
	pass := text(func(*check.Report) {})
	fail := text(func(r *check.Report) {
		r.Binaries[0].Size++
		r.Findings = []check.Finding{{Rule: check.RuleUnsigned, Level: policy.Error}}
	})
	unreadable := text(func(r *check.Report) {
		r.Binaries[0].Size += 2
		r.Findings = []check.Finding{{Rule: check.RuleUnreadable, Level: policy.Error}}
	})
	contradicts := text(func(r *check.Report) {
		r.Findings = []check.Finding{{Rule: check.RuleUnusedException, Level: policy.Note}}
	})
	for _, c := range []struct {
		name      string
		texts     [][]byte
		want      check.Result
		conflicts int
	}{
		{"one that passed", [][]byte{pass}, check.Pass, 0},
		{"one failed", [][]byte{pass, fail}, check.Fail, 0},
		{"one could not read all", [][]byte{unreadable, fail, pass}, check.Unreadable, 0},
		{"two contradict one another", [][]byte{pass, contradicts}, Conflict, 1},
		{"the same twice is no contradiction", [][]byte{pass, pass}, check.Pass, 0},
		{"written in another way is the same", [][]byte{pass, bytes.ReplaceAll(pass, []byte("\n"), []byte("\r\n\t"))}, check.Pass, 0},
		{"none at all", nil, check.Unreadable, 0},
		{"reports of nothing contradict nothing", [][]byte{asJSON(t, reports(t)["empty"]), bytes.ReplaceAll(asJSON(t, reports(t)["empty"]), []byte("no Mach-O file"), []byte("nothing"))}, check.Unreadable, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m Merger
			for _, b := range c.texts {
				if err := m.Add(bytes.NewReader(b)); err != nil {
					t.Fatal(err)
				}
			}
			if m.Result() != c.want || len(m.Conflicts()) != c.conflicts {
				t.Errorf("%s, %v", m.Result(), m.Conflicts())
			}
		})
	}
}

func TestWhatCannotBeMerged(t *testing.T) {
	merged := string(merge(t, asJSON(t, clean(t))))
	for _, c := range []struct{ name, text, want string }{
		{"no report", "{}", "names no schema"},
		{"another format", `{"schema":"codewarrant.show/1"}`, `is not one of those that this version reads: codewarrant.report/1, codewarrant.merged/1`},
		{"a merged report that was changed", strings.Replace(merged, `"stage":"release"`, `"stage":"development"`, 1), "runs: 0: the report is not the one that was merged"},
		{"one whose hash was changed", strings.Replace(merged, `"sha256":"`, `"sha256":"0`, 1), "is no SHA-256"},
		{"one without reports", `{"schema":"codewarrant.merged/1"}`, "it has no runs"},
		{"one of which a report was taken out", strings.Replace(merged, `"runs": 1,`, `"runs": 2,`, 1), "are not those that were merged"},
		{"one of which the counts were taken out", `{"schema":"codewarrant.merged/1","runs":` + merged[strings.Index(merged, `"runs": [`)+8:], "are not those that were merged"},
		{"one with a count in two cases", strings.Replace(merged, `"passed": 1,`, `"passed": 2, "Passed": 1,`, 1), `counts: not a report: "Passed" and "passed" are in one object`},
		{"one with a count in another case", strings.Replace(merged, `"passed": 1,`, `"Passed": 1,`, 1), `counts: "passed" is missing`},
		{"one with a count that is there twice", strings.Replace(merged, `"passed": 1,`, `"passed": 2, "passed": 1,`, 1), `counts: byte `},
		{"one with a count that is null", strings.Replace(merged, `"failed": 0,`, `"failed": null,`, 1), `counts: "failed" is missing`},
		{"one with counts that are null", `{"schema":"codewarrant.merged/1","counts":null,"runs":[]}`, `counts: not an object`},
		{"one that ends too early", merged[:len(merged)-20], "EOF"},
		{"one with two lists", strings.Replace(merged, `"conflicts": []`, `"runs": []`, 1), `the name "runs" is there twice`},
		{"one whose list is none", `{"schema":"codewarrant.merged/1","runs":{}}`, "not a list"},
		{"one with more behind it", merged + "{}", "there is more after it"},
		{"one with a part that is no report", `{"schema":"codewarrant.merged/1","runs":[1]}`, "runs: 0: not an object"},
		{"one with fields in another order that was changed", `{"runs":[{}],"schema":"codewarrant.merged/1"}`, "runs: 0: no report with its SHA-256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m Merger
			if err := m.Add(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// grown is a merged report that is made while it is read, far longer than memory is to be.
type grown struct {
	*strings.Reader
	size int64
}

func (g grown) Size() int64 { return g.size }

func TestAReportThatIsTooLongIsNotRead(t *testing.T) {
	var m Merger
	if err := m.Add(grown{strings.NewReader(`{"schema":"codewarrant.report/1"`), 1 << 40}); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
	m.limit = 4 << 20
	if err := m.Add(endless{`{"schema":"codewarrant.merged/1","runs":["`}); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("more than %d bytes", m.limit)) {
		t.Error(err)
	}
}

// endless begins with a text and goes on with the letter a.
type endless struct{ head string }

func (e endless) Size() int64 { return 1 << 40 }

func (e endless) ReadAt(p []byte, at int64) (int, error) {
	n := 0
	if at < int64(len(e.head)) {
		n = copy(p, e.head[at:])
	}
	for i := n; i < len(p); i++ {
		p[i] = 'a'
	}
	return len(p), nil
}

func TestTheDocumentsOfAMergeAreThoseThatWentIn(t *testing.T) {
	var m Merger
	texts := several(t)
	for _, b := range texts {
		if err := m.Add(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
	}
	n, last := 0, []string{"", ""}
	for d, err := range m.Documents() {
		if err != nil {
			t.Fatal(err)
		}
		next := []string{d.Repository, d.firstPath()}
		if slices.Compare(next, last) < 0 {
			t.Fatalf("%q after %q", next, last)
		}
		n, last = n+1, next
	}
	if n != len(texts) {
		t.Errorf("%d documents of %d", n, len(texts))
	}
	copy(texts[0], "changed")
	errs := 0
	for d, err := range m.Documents() {
		if errs > 0 || (d == nil) != (err != nil) {
			t.Fatalf("%v, %v after %d errors", d, err, errs)
		}
		if err != nil {
			errs++
		}
	}
	if errs != 1 {
		t.Errorf("%d errors", errs)
	}
}

// A report that changes between the two times that it is read is told.
func TestAReportThatIsChangedMeanwhile(t *testing.T) {
	in := asJSON(t, clean(t))
	var m Merger
	if err := m.Add(bytes.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	copy(in[bytes.Index(in, []byte("build/Acme")):], "BUILD")
	if err := m.Write(io.Discard, "1.0.0"); err == nil || !strings.Contains(err.Error(), "changed while it was read") {
		t.Error(err)
	}
}

// sameDocument wants of a report that is read once more what its canonical text says.
func sameDocument(t *testing.T, r run) {
	t.Helper()
	text, err := r.text()
	if err != nil {
		t.Fatal(err)
	}
	want, err := readCanonical(text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.document()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := documentText(t, want), documentText(t, got); !bytes.Equal(a, b) {
		t.Fatalf("-canonical +again:\n%s", cmp.Diff(string(a), string(b)))
	}
}

func FuzzMerge(f *testing.F) {
	for _, b := range several(f) {
		f.Add(b)
		f.Add(merge(f, b))
	}
	f.Add(part(f, planA, 2, 3))
	f.Add(merge(f, part(f, planA, 1, 1), part(f, planB, 2, 3), part(f, planB, 1, 2)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m Merger
		if m.Add(bytes.NewReader(b)) != nil {
			return
		}
		var once bytes.Buffer
		if err := m.Write(&once, "1.0.0"); err != nil {
			t.Fatal(err)
		}
		for _, r := range m.sorted() {
			sameDocument(t, r)
		}
		if again := merge(t, once.Bytes(), b); !bytes.Equal(again, once.Bytes()) {
			t.Fatalf("%s\n%s", once.Bytes(), again)
		}
	})
}
