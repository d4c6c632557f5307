package requirement_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/codewarrant/codewarrant/codesign/requirement"
)

const twenty = "6162636465666768696a6b6c6d6e6f7071727374"

func TestSourceIsCompiledToItsOperations(t *testing.T) {
	hash := "abcdefghijklmnopqrst"
	for source, want := range map[string][]byte{
		`always or never and ! anchor apple`:                                  op(7, op(1), op(6, op(0), op(9, op(3)))),
		`true and false or true`:                                              op(7, op(6, op(1), op(0)), op(1)),
		`(always or never) and identifier "a \"b\""`:                          op(6, op(7, op(1), op(0)), op(2, `a "b"`)),
		`identifier = a or identifier == a`:                                   op(7, op(2, "a"), op(2, "a")),
		`cdhash H"` + twenty + `"`:                                            op(8, hash),
		`cdhash = H"` + twenty + `"`:                                          op(8, hash),
		`anchor = H"` + twenty + `" or anchor trusted or certificate trusted`: op(7, op(7, op(4, -1, hash), op(13)), op(13)),
		`cert leaf H"` + twenty + `"`:                                         op(4, 0, hash),
		`anchor generic apple`:                                                op(15),
		`certificate -2 trusted or (name)`:                                    op(7, op(12, -2), op(19, "name")),
		`("and") and ((always))`:                                              op(6, op(19, "and"), op(1)),
		`anchor apple x and info[a.b] absent`:                                 op(6, op(18, "x"), op(10, "a.b", op(14))),
		`info[a] exists and info[a] /* exists */`:                             op(6, op(10, "a", op(0)), op(10, "a", op(0))),
		`entitlement["a-b"] = *x or platform = 7`:                             op(7, op(16, "a-b", op(4, "x")), op(20, 7)),
		`info[a] = *x*`:                                                       op(10, "a", op(2, "x")),
		`certificate root[policy.1.2.3] ~ 0x2021`:                             op(17, -1, "\x2a\x03", op(2, " !")),
		`anchor[extension.1.2.3]`:                                             op(14, -1, "\x2a\x03", op(0)),
		`certificate 2[timestamp.2.999] >= x`:                                 op(22, 2, "\x88\x37", op(8, "x")),
		`info[a] < x or info[a] > x or notarized`:                             op(7, op(7, op(10, "a", op(5, "x")), op(10, "a", op(6, "x"))), op(21)),
		`info[a] <= x and info[a] = x* and legacy`:                            op(6, op(6, op(10, "a", op(7, "x")), op(10, "a", op(3, "x"))), op(23)),
		`certificate leaf[field.2.32.111.108.105.99.121.46.49.46.50]`:         op(14, 0, "policy.1.2", op(0)),
		`always;;`:                       op(1),
		`identifier x /***/ or never */`: op(2, "x"),
		"# a comment\nalways // another\n\tand /* and a third */ never": op(6, op(1), op(0)),
	} {
		t.Run(source, func(t *testing.T) {
			got := compile(t, source)
			got.Type = Designated
			if want := parse(t, want); !got.Equal(want) {
				t.Error(cmp.Diff(want.Text, got.Text))
			}
		})
	}
}

func TestWhatIsNoSourceIsAnErrorThatSaysWhere(t *testing.T) {
	for source, want := range map[string]string{
		``:                                       `the requirement ends too early`,
		`# nothing`:                              `the requirement ends too early`,
		`identifier`:                             `the requirement ends too early`,
		`identifier and`:                         `"and" where a string belongs`,
		`identifier 7x`:                          `"7" where a string belongs`,
		`identifier é`:                           `byte 11: "é", which begins nothing`,
		`always always`:                          `"always" where the requirement could end`,
		`always; never`:                          `"never" where the requirement could end`,
		`always % never`:                         `byte 7: "%", which begins nothing`,
		`always /***/`:                           `byte 7: a comment without end`,
		`(always`:                                `the end where ")" belongs`,
		`always and`:                             `the requirement ends too early`,
		`info[a`:                                 `the end where "]" belongs`,
		`info a`:                                 `"a" where "[" belongs`,
		`x`:                                      `"x" where a condition belongs`,
		`"always"`:                               `"always" where a condition belongs`,
		`designated => always`:                   `"designated" where a condition belongs`,
		`cdhash H"0"`:                            `byte 7: hexadecimal digits that are no bytes`,
		`cdhash H""`:                             `byte 7: hexadecimal digits that are no bytes`,
		`cdhash H"00ff"`:                         `"\x00\xff" where a hash of 20 bytes belongs`,
		`cdhash "00"`:                            `"00" where a hash of 20 bytes belongs`,
		`cdhash H"00`:                            `byte 7: a hash without end`,
		`anchor = "/cert"`:                       `"/cert" where a hash of 20 bytes belongs`,
		`certificate x trusted`:                  `"x" where a number of 32 bits belongs`,
		`certificate 4294967296 trusted`:         `"4294967296" where a number of 32 bits belongs`,
		`certificate leaf[field.x]`:              `"x" is no object identifier`,
		`certificate leaf[field.9.9]`:            `"9.9" is no object identifier`,
		`certificate leaf[field.1.-2]`:           `"-" where "]" belongs`,
		`certificate leaf["field.1.-2"]`:         `"1.-2" is no object identifier`,
		`certificate leaf[issuer.CN] = x`:        `"issuer.CN" is no field of a certificate that can be asked for`,
		`identifier "a`:                          `byte 11: a string without end`,
		`identifier "a\n"`:                       `byte 11: a backslash that stands before neither a quote nor a backslash`,
		`always /* and`:                          `byte 7: a comment without end`,
		strings.Repeat("! ", 999) + "true":       `operations nest deeper than 999`,
		strings.Repeat("(", 1<<15):               `operations nest deeper than 999`,
		"true" + strings.Repeat(" or true", 999): `operations nest deeper than 999`,
		strings.Repeat(" ", 1<<16) + "true":      `a requirement of 65540 bytes; the limit is 65536`,
	} {
		t.Run(source[:min(len(source), 40)], func(t *testing.T) {
			r, err := Compile(source)
			if err == nil {
				t.Fatalf("compiled to %s", r.Text)
			}
			if diff := cmp.Diff(want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzCompile(f *testing.F) {
	for _, source := range sources {
		f.Add(source)
	}
	for _, row := range operations(f) {
		f.Add(row.text)
	}
	f.Fuzz(func(t *testing.T, source string) {
		r, err := Compile(source)
		if err != nil {
			return
		}
		again, err := Compile(r.Text) // which groups chains to the left
		if err != nil || again.Text != r.Text || again.Evaluate(facts()) != r.Evaluate(facts()) {
			t.Errorf("%q is compiled to %q, and that to %q, error %v", source, r.Text, again.Text, err)
		}
	})
}
