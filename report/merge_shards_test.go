package report

import (
	"bytes"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	planA = planDigest{0: 0xa0}
	planB = planDigest{0: 0xb0}
)

// part is what a shard of a plan comes to.
func part(t testing.TB, plan planDigest, k, n int, texts ...[]byte) []byte {
	t.Helper()
	m := merger(t, texts...)
	if err := m.Shard(plan, k, n); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.Write(&b, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestAMergeTellsWhichShardsAreMissing(t *testing.T) {
	ok := asJSON(t, clean(t))
	for _, test := range []struct {
		name  string
		parts [][]byte
		want  []string // what is missing
	}{
		{"all shards of a plan are all of it", [][]byte{part(t, planA, 3, 3), part(t, planA, 1, 3, ok), part(t, planA, 2, 3)}, nil},
		{"a run of all of it misses nothing", [][]byte{part(t, planA, 1, 1, ok)}, nil},
		{"plain reports beside a plan miss nothing", [][]byte{part(t, planA, 1, 1), ok}, nil},
		{"a shard that is lost is told", [][]byte{part(t, planA, 1, 3, ok), part(t, planA, 3, 3)}, []string{"1 of 3 shards of the audit plan a00000000000 is missing: 2/3"}},
		{"a shard that had nothing to report counts as one", [][]byte{part(t, planA, 1, 2, ok)}, []string{"1 of 2 shards of the audit plan a00000000000 is missing: 2/2"}},
		{"a shard that is given twice stands for no other", [][]byte{part(t, planA, 1, 2, ok), part(t, planA, 1, 2, ok)}, []string{"1 of 2 shards of the audit plan a00000000000 is missing: 2/2"}},
		{
			"a shard of another plan stands for none",
			[][]byte{part(t, planA, 1, 2, ok), part(t, planB, 2, 2)},
			[]string{"1 of 2 shards of the audit plan a00000000000 is missing: 2/2", "1 of 2 shards of the audit plan b00000000000 is missing: 1/2"},
		},
		{
			"a plan that is divided in two ways is whole by none of them",
			[][]byte{part(t, planA, 1, 2, ok), part(t, planA, 2, 3)},
			[]string{"1 of 2 shards of the audit plan a00000000000 is missing: 2/2", "2 of 3 shards of the audit plan a00000000000 are missing: 1/3, 3/3"},
		},
		{"a plan that is divided in two ways is whole by one of them", [][]byte{part(t, planA, 1, 2, ok), part(t, planA, 2, 3), part(t, planA, 2, 2)}, nil},
		{"two plans that are whole miss nothing", [][]byte{part(t, planA, 1, 1, ok), part(t, planB, 1, 2), part(t, planB, 2, 2)}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, texts := range [][][]byte{test.parts, {merge(t, test.parts...)}} {
				m := merger(t, texts...)
				var got []string
				for _, p := range m.Missing() {
					got = append(got, p.String())
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
				if (m.Result() == Incomplete) != (len(test.want) > 0) {
					t.Errorf("the result is %s", m.Result())
				}
				if m.Worst() != "pass" {
					t.Errorf("the worst is %s", m.Worst())
				}
				for _, f := range mergedFormats[:3] { // those that tell more than findings
					var b bytes.Buffer
					if err := f.write(&b, m); err != nil {
						t.Fatal(err)
					}
					text := strings.Join(strings.Fields(b.String()), " ")
					for _, s := range test.want {
						if !strings.Contains(text, s) {
							t.Errorf("%s does not tell %q:\n%s", f.suffix, s, b.String())
						}
					}
					if f.suffix != "xml" && strings.Contains(text, "incomplete") != (len(test.want) > 0) {
						t.Errorf("%s tells another result:\n%s", f.suffix, b.String())
					}
				}
				var b bytes.Buffer
				if err := m.HTML(&b, "1.0.0"); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(b.String(), `id="shards"`) != (len(test.want) > 0) {
					t.Error("the page tells another result")
				}
				v := asValue(t, func(w io.Writer) error { return m.Write(w, "1.0.0") })
				for _, run := range v.(map[string]any)["runs"].([]any) {
					run.(map[string]any)["report"] = map[string]any{}
				}
				if err := compile(t, "../schema/merged.v1.schema.json").Validate(v); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// However shards are put together, what comes out is the same, and it is that of one run.
func TestMergingShardsIsAssociative(t *testing.T) {
	all := several(t)
	parts := [][]byte{
		part(t, planA, 1, 4, all[0], all[1]), part(t, planA, 2, 4, all[2]), part(t, planA, 3, 4), part(t, planA, 4, 4, all[3:]...),
		part(t, planA, 1, 3, all[0]), part(t, planB, 2, 3, all[4]), part(t, planB, 3, 5),
	}
	r := rand.New(rand.NewPCG(5, 6))
	want := merge(t, parts...)
	for range 20 {
		r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		tree := append([][]byte{}, parts...)
		for len(tree) > 1 {
			n := 2 + r.IntN(len(tree)-1)
			tree = append(tree[n:], merge(t, tree[:n]...))
		}
		if !bytes.Equal(tree[0], want) {
			t.Fatal(cmp.Diff(string(want), string(tree[0])))
		}
	}
	whole := merge(t, part(t, planA, 1, 2, all[:3]...), part(t, planA, 2, 2, all[3:]...))
	if diff := cmp.Diff(string(part(t, planA, 1, 1, all...)), string(whole)); diff != "" {
		t.Errorf("-one run +merged:\n%s", diff)
	}
}

func TestShardsThatCannotBeAreRefused(t *testing.T) {
	good := string(part(t, planA, 1, 3, asJSON(t, clean(t))))
	for _, test := range []struct{ name, old, new, want string }{
		{"more missing than there are", "[\n        2", "[1, 2", "of 3 shards [1 2 3] are missing"},
		{"one that is beyond the last", `"shards": 3`, `"shards": 2`, "of 2 shards [2 3] are missing"},
		{"one that is missing twice", "[\n        2", "[2, 2", "of 3 shards [2 2 3] are missing"},
		{"none of many", "[\n        2,", "[", ""},
		{"a division that nothing is missing of", "[\n        2,\n        3\n      ]", `[]`, "of 3 shards [] are missing"},
		{"more than one matrix has", `"shards": 3`, `"shards": 257`, "of 257 shards"},
		{"a digest that is none", `a000`, `a00`, "is no SHA-256"},
		{"one that does not say what is missing", `"missing"`, `"absent"`, `plans: 0: "missing" is missing`},
		{"one that says nothing of what is missing", "[\n        2,\n        3\n      ]", "null", `plans: 0: "missing" is missing`},
		{"a digest alone", `"plans": [`, `"plans": [{"sha256": "` + hex.EncodeToString(planB[:]) + `"},`, `plans: 0: "missing" is missing`},
		{"what is missing, in two cases", `"missing"`, `"Missing": [], "missing"`, `"Missing" and "missing" are in one object`},
		{"what is missing, twice", `"missing"`, `"missing": [], "missing"`, `the name "missing" is there twice`},
		{"what is missing, in another case alone", `"missing"`, `"Missing"`, `plans: 0: "missing" is missing`},
		{"a name that a later version may write", `"missing"`, `"more": 1, "missing"`, ""},
		{"no shards", `"shards": 3`, `"shards": null`, `plans: 0: "shards" is missing`},
		{"plans in two cases", `"plans"`, `"Plans": [], "plans"`, `the name "plans" is there twice`},
		{"plans that are none", good[strings.Index(good, `"plans"`):strings.Index(good, `"runs": [`)], `"plans": null, `, "plans: not a list"},
		{"plans that are no list", `"plans": [`, `"plans": [[`, "plans: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := strings.Replace(good, test.old, test.new, 1)
			if src == good {
				t.Fatalf("nothing is replaced in %s", good)
			}
			var m Merger
			err := m.Add(strings.NewReader(src))
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	var m Merger
	for _, of := range [][2]int{{0, 1}, {2, 1}, {1, 0}, {1, MaxShards + 1}} {
		if m.Shard(planA, of[0], of[1]) == nil {
			t.Errorf("%d/%d is a shard", of[0], of[1])
		}
	}
}
