package scan

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

// summary writes a result as lines.
func summary(r Result) (lines []string) {
	for _, b := range r.Binaries {
		lines = append(lines, b.Paths[0])
	}
	for _, u := range r.Unread {
		lines = append(lines, fmt.Sprintf("%s: %v", u.Path, u.Err))
	}
	return lines
}

// permutations calls f with every order of list.
func permutations[T any](list []T, n int, f func([]T)) {
	if n == len(list) {
		f(list)
		return
	}
	for i := n; i < len(list); i++ {
		list[n], list[i] = list[i], list[n]
		permutations(list, n+1, f)
		list[n], list[i] = list[i], list[n]
	}
}

func TestKeeperLeavesOutTheSameInWhateverOrderThingsArrive(t *testing.T) {
	const full = ": this and all that comes after it was left out (Mach-O files: %d): what was found before takes up the 1 MiB of memory that there are for it; check the artifact in parts"
	const half = 1 << 19
	for _, row := range []struct {
		name  string
		costs []int // in the order of the walk; 0: its end
		want  []string
	}{
		{"nothing", nil, nil},
		{"as much as there is room for", []int{half, half - 1, 1}, []string{"0", "1", "2"}},
		{"one byte more", []int{half, half - 1, 2}, []string{"0", "1", fmt.Sprintf("2"+full, 1)}},
		{"one in the middle, and a small one after it", []int{half, half - 1, 1, 1, 1}, []string{"0", "1", "2", fmt.Sprintf("3"+full, 2)}},
		{"the first alone", []int{3 * half, 1, 1}, []string{fmt.Sprintf("0"+full, 3)}},
		{"a large one late", []int{1, 1, 3 * half, 1, 3 * half}, []string{"0", "1", fmt.Sprintf("2"+full, 3)}},
		{"the end before the limit", []int{half, 0, half, half}, []string{"0", "1: this and all that comes after it was left out (Mach-O files: 3): enough; check the artifact in parts"}},
		{"the limit before the end", []int{half, half, half, 0, 1}, []string{"0", "1", fmt.Sprintf("2"+full, 3)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var outcomes []outcome
			for i, cost := range row.costs {
				name := fmt.Sprint(i)
				o := outcome{index: i, path: name, file: true, cost: cost, found: Result{Binaries: []check.Binary{{Paths: []string{name}}}}}
				if cost == 0 {
					o.stop = errors.New("enough")
				}
				outcomes = append(outcomes, o)
			}
			permutations(outcomes, 0, func(list []outcome) {
				k := keeper{limit: 2 * half}
				for _, o := range list {
					k.add(o)
					if k.cost > k.limit {
						t.Errorf("%d bytes are kept", k.cost)
					}
				}
				if diff := cmp.Diff(row.want, summary(k.result(len(list)))); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func look(t *testing.T, l limits, depth Depth, paths ...string) Result {
	t.Helper()
	r, err := l.run(t.Context(), paths, Options{Depth: depth, Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRunEndsWhereALimitIsPassed(t *testing.T) {
	signed := machotest.Binary{Signature: &machotest.Signature{}}.Bytes()
	java := append([]byte{0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 65}, make([]byte, 100)...)
	t.Chdir(t.TempDir())
	machotest.WriteTree(t, ".", map[string][]byte{"b/1": signed, "b/2": signed, "b/3/A.class": java, "b/3/x": signed, "b/4": signed})
	one := costOf(look(t, limits{time.Hour, maxKept}, Full, "b/1"))
	for _, row := range []struct {
		name   string
		limits limits
		want   []string
	}{
		{"none is", limits{time.Hour, 4 * (one + 2)}, []string{"b/1", "b/2", "b/3/x", "b/4"}},
		{"there is room for two", limits{time.Hour, 3*one - 1}, []string{
			"b/1", "b/2",
			"b/3/x: this and all that comes after it was left out (Mach-O files: 2): what was found before takes up the 0 MiB of memory that there are for it; check the artifact in parts",
		}},
		{"there is no time", limits{0, maxKept}, []string{
			"b/1: this and all that comes after it was left out (Mach-O files: 5): the 60 minutes that there are for a run are over; check the artifact in parts",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, summary(look(t, row.limits, Full, "b"))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRunLeavesOutAFileOfWhichTooMuchWouldBeKept(t *testing.T) {
	var claims []any
	for i := range 900 {
		claims = append(claims, fmt.Sprintf("%1000d", i), true)
	}
	signed := machotest.Binary{Signature: &machotest.Signature{EntitlementsDER: machotest.DER(claims...)}}
	intel := signed
	intel.CPU, intel.SubCPU = machotest.CPUX86_64, machotest.SubX86All
	third := signed
	third.SubCPU = machotest.SubArm64e
	fat := machotest.Fat{Slices: []machotest.Slice{{Binary: intel}, {Binary: signed}, {Binary: third}}}
	t.Chdir(t.TempDir())
	machotest.WriteTree(t, ".", map[string][]byte{"b/1": signed.Bytes(), "b/2": fat.Bytes(), "b/3": signed.Bytes()})
	want := []string{"b/1", "b/3", "b/2: what was found in it takes more than the 16 MiB of memory that there are for one file"}
	if diff := cmp.Diff(want, summary(look(t, limits{maxTime, maxKept}, Full, "b"))); diff != "" {
		t.Error(diff)
	}
}
