package entitlement

import (
	"math"
	"testing"
)

func TestARealIsWrittenWithAFraction(t *testing.T) {
	for _, tt := range []struct {
		f    float64
		want string
	}{
		{1, "1.0"},
		{0, "0.0"},
		{-2, "-2.0"},
		{1.5, "1.5"},
		{1e21, "1.0e+21"},
		{1.5e-7, "1.5e-07"},
		{math.Inf(1), "+Inf"},
	} {
		if got := (Value{Kind: Real, Real: tt.f}).Text(); got != tt.want {
			t.Errorf("%g is written %s, want %s", tt.f, got, tt.want)
		}
	}
	if a, b := List(Int(1)).Text(), List(Value{Kind: Real, Real: 1}).Text(); a == b {
		t.Errorf("an integer and a real are both written %s", a)
	}
}
