package expr

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// Limits of exact arithmetic. A result beyond them is an expression error, as
// XPath allows (FOAR0002): without them a short query could multiply its way
// to a number that fills memory.
const (
	maxDigits         = 4096 // digits of an integer or decimal
	maxDivisionDigits = 24   // fraction digits of a quotient that does not end
)

// decimal is an exact number: mantissa × 10^-scale. Integers have scale 0.
// The mantissa is small unless big is set; big values are never changed once
// made.
type decimal struct {
	small int64
	big   *big.Int
	scale int
}

var bigTen = big.NewInt(10)

func pow10(n int) *big.Int {
	return new(big.Int).Exp(bigTen, big.NewInt(int64(n)), nil)
}

// parseDecimal reads [+-]digits[.digits]; at least one digit. A point is
// allowed only if point is true (XSD 1.1 Part 2 §3.3.3, §3.4.13).
func parseDecimal(s string, point bool) (decimal, bool) {
	digits, scale, seen := 0, 0, false
	body := strings.TrimPrefix(s, "-")
	if len(body) == len(s) {
		body = strings.TrimPrefix(s, "+")
	}
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c >= '0' && c <= '9':
			digits++
			if seen {
				scale++
			}
		case c == '.' && point && !seen:
			seen = true
		default:
			return decimal{}, false
		}
	}
	if digits == 0 || digits > maxDigits {
		return decimal{}, false
	}
	text := body
	if seen {
		text = strings.Replace(body, ".", "", 1)
	}
	if s[0] == '-' {
		text = "-" + text
	}
	if v, err := strconv.ParseInt(text, 10, 64); err == nil {
		return decimal{small: v, scale: scale}, true
	}
	b, ok := new(big.Int).SetString(text, 10)
	return decimal{big: b, scale: scale}, ok
}

// mantissa returns the mantissa, which the caller must not change.
func (d decimal) mantissa() *big.Int {
	if d.big != nil {
		return d.big
	}
	return big.NewInt(d.small)
}

func makeDecimal(b *big.Int, scale int) decimal {
	if b.IsInt64() {
		return decimal{small: b.Int64(), scale: scale}
	}
	return decimal{big: b, scale: scale}
}

// tooLarge tells whether d is beyond maxDigits.
func (d decimal) tooLarge() bool {
	return d.scale > maxDigits || d.big != nil && d.big.BitLen() > maxDigits*10/3
}

func (d decimal) sign() int {
	if d.big != nil {
		return d.big.Sign()
	}
	switch {
	case d.small < 0:
		return -1
	case d.small > 0:
		return 1
	}
	return 0
}

func (d decimal) neg() decimal {
	if d.big == nil && d.small != math.MinInt64 {
		return decimal{small: -d.small, scale: d.scale}
	}
	return makeDecimal(new(big.Int).Neg(d.mantissa()), d.scale)
}

// align returns both mantissas at the greater scale.
func align(a, b decimal) (x, y *big.Int, scale int) {
	x, y = a.mantissa(), b.mantissa()
	switch {
	case a.scale < b.scale:
		return new(big.Int).Mul(x, pow10(b.scale-a.scale)), y, b.scale
	case a.scale > b.scale:
		return x, new(big.Int).Mul(y, pow10(a.scale-b.scale)), a.scale
	}
	return x, y, a.scale
}

func (d decimal) add(e decimal) decimal {
	if d.big == nil && e.big == nil && d.scale == e.scale {
		sum := d.small + e.small
		if (sum > d.small) == (e.small > 0) {
			return decimal{small: sum, scale: d.scale}
		}
	}
	x, y, scale := align(d, e)
	return makeDecimal(new(big.Int).Add(x, y), scale)
}

func (d decimal) sub(e decimal) decimal { return d.add(e.neg()) }

func (d decimal) mul(e decimal) decimal {
	if d.big == nil && e.big == nil {
		if p, ok := mul64(d.small, e.small); ok {
			return decimal{small: p, scale: d.scale + e.scale}
		}
	}
	return makeDecimal(new(big.Int).Mul(d.mantissa(), e.mantissa()), d.scale+e.scale)
}

func mul64(a, b int64) (int64, bool) {
	if a == math.MinInt64 || b == math.MinInt64 {
		return 0, false
	}
	hi, lo := bits.Mul64(uint64(max(a, -a)), uint64(max(b, -b)))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	if (a < 0) != (b < 0) {
		return -int64(lo), true
	}
	return int64(lo), true
}

// quo divides, exactly where the quotient ends within maxDivisionDigits
// fraction digits, else rounded half to even there. e must not be zero.
func (d decimal) quo(e decimal) decimal {
	scale := max(maxDivisionDigits, d.scale)
	num := new(big.Int).Mul(d.mantissa(), pow10(scale+e.scale-d.scale))
	q, r := new(big.Int).QuoRem(num, e.mantissa(), new(big.Int))
	if r.Sign() != 0 {
		twice := new(big.Int).Abs(new(big.Int).Lsh(r, 1))
		cmp := twice.CmpAbs(e.mantissa())
		if cmp > 0 || cmp == 0 && q.Bit(0) == 1 {
			step := int64(1)
			if num.Sign() != e.sign() {
				step = -1
			}
			q.Add(q, big.NewInt(step))
		}
	}
	return makeDecimal(q, scale).trim(0)
}

// trim removes trailing zeros of the fraction down to a scale of least.
func (d decimal) trim(least int) decimal {
	if d.big == nil {
		for d.scale > least && d.small%10 == 0 {
			d.small /= 10
			d.scale--
		}
		return d
	}
	b, rem := new(big.Int).Set(d.big), new(big.Int)
	for d.scale > least {
		q, _ := new(big.Int).QuoRem(b, bigTen, rem)
		if rem.Sign() != 0 {
			break
		}
		b = q
		d.scale--
	}
	return makeDecimal(b, d.scale)
}

func (d decimal) cmp(e decimal) int {
	if d.big == nil && e.big == nil && d.scale == e.scale {
		switch {
		case d.small < e.small:
			return -1
		case d.small > e.small:
			return 1
		}
		return 0
	}
	x, y, _ := align(d, e)
	return x.Cmp(y)
}

// rounding is a direction in which integral drops the fraction.
type rounding uint8

const (
	towardZero rounding = iota
	down
	up
	halfUp // XPath fn:round: the half goes toward positive infinity
)

// integral returns d rounded to scale 0.
func (d decimal) integral(r rounding) decimal {
	if d.scale == 0 {
		return d
	}
	unit := pow10(d.scale)
	m := d.mantissa()
	if r == halfUp {
		m = new(big.Int).Add(m, new(big.Int).Quo(unit, big.NewInt(2)))
	}
	q, rem := new(big.Int).QuoRem(m, unit, new(big.Int))
	switch {
	case rem.Sign() < 0 && (r == down || r == halfUp):
		q.Sub(q, big.NewInt(1))
	case rem.Sign() > 0 && r == up:
		q.Add(q, big.NewInt(1))
	}
	return makeDecimal(q, 0)
}

func (d decimal) float() float64 {
	if d.scale == 0 && d.big == nil {
		return float64(d.small)
	}
	f, _ := strconv.ParseFloat(d.String(), 64) // correctly rounded; ±Inf on overflow
	return f
}

// decimalFromFloat returns the exact value of a finite f.
func decimalFromFloat(f float64) (decimal, bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return decimal{}, false
	}
	d, ok := parseDecimal(strconv.FormatFloat(f, 'f', -1, 64), true)
	return d, ok
}

// String writes d with exactly scale fraction digits, and no point if the
// scale is 0.
func (d decimal) String() string {
	var text string
	if d.big != nil {
		text = d.big.String()
	} else {
		text = strconv.FormatInt(d.small, 10)
	}
	if d.scale == 0 {
		return text
	}
	sign := ""
	if text[0] == '-' {
		sign, text = "-", text[1:]
	}
	if len(text) <= d.scale {
		text = strings.Repeat("0", d.scale-len(text)+1) + text
	}
	cut := len(text) - d.scale
	return sign + text[:cut] + "." + text[cut:]
}
