// Tensor cores: mma.sync m16n8k8 (TF32) and m16n8k16 (FP16) with sums in 32 bits, and ldmatrix. Fragments as in the PTX ISA, "Matrix fragments for mma".
#include <cmath>

#include "Access.h"

namespace emulator {

namespace {

void RequireWarp(const Execution& e, const Instruction& i, u32 lanes) {
    if (lanes != AllLanes) Fail(e, i, LaunchFailed, "a matrix instruction needs all 32 lanes of the warp");
}

float Tf32(u32 bits) {
    bits &= 0xffffe000u;
    float f;
    std::memcpy(&f, &bits, 4);
    return f;
}

// A sum as an A100 forms it (M. Fasi, N. Higham, M. Mikaitis, S. Pranesh, "Numerical behavior of NVIDIA tensor cores", 2021): exact products, cut off (not
// rounded) at one bit below the last of the largest addend, and the sum cut off at 24 bits. An H100 keeps another bit.
float TruncatedSum(double start, const double* products, int count) {
    auto exponent = [](double v) { return v == 0 ? -10000 : std::ilogb(v); };
    int largest = exponent(start);
    for (int k = 0; k < count; k++) largest = std::max(largest, exponent(products[k]));
    if (!std::isfinite(start) || largest == -10000) return (float)start;
    double unit = std::ldexp(1.0, std::max(largest - 24, -149)), sum = std::trunc(start / unit);
    for (int k = 0; k < count; k++) {
        if (!std::isfinite(products[k])) return (float)products[k];
        sum += std::trunc(products[k] / unit);
    }

    double last = std::ldexp(1.0, std::max(exponent(sum * unit) - 23, -149));
    return (float)(std::trunc(sum * unit / last) * last);
}

// d = a b + c with a 16 x K and b K x 8. The products of a sum are added in double precision and rounded once, or (CUDA_EMULATOR_MMA=truncate) as a GPU does it.
template <int K>
void Product(Execution& e, const Instruction& i, const float (&a)[16][K], const float (&b)[K][8]) {
    static const bool truncates = Setting("CUDA_EMULATOR_MMA", "") == "truncate";
    constexpr int Together = K / 2;  // products that are added at a time: 4 of TF32, 8 of FP16
    float sums[4][WarpSize];
    for (int l = 0; l < WarpSize; l++) {
        for (int n = 0; n < 4; n++) {
            int row = l / 4 + (n >= 2 ? 8 : 0), column = l % 4 * 2 + n % 2;
            double sum = e.In(i.Op[10 + n]).f[l], products[K];
            for (int k = 0; k < K; k++) products[k] = (double)a[row][k] * b[k][column];
            if (truncates) {
                for (int k = 0; k < K; k += Together) sum = TruncatedSum(sum, products + k, Together);
            } else {
                for (double product : products) sum += product;
            }

            sums[n][l] = (float)sum;
        }
    }

    for (int n = 0; n < 4; n++) std::memcpy(e.Out(i.Op[n]).f, sums[n], sizeof(sums[n]));
}

void ProductTf32(Execution& e, const Instruction& i, u32 lanes) {
    RequireWarp(e, i, lanes);
    float a[16][8], b[8][8];
    for (int l = 0; l < WarpSize; l++) {
        int group = l / 4, thread = l % 4;
        for (int n = 0; n < 4; n++) a[group + (n % 2) * 8][thread + (n / 2) * 4] = Tf32(e.In(i.Op[4 + n]).w[l]);
        for (int n = 0; n < 2; n++) b[thread + n * 4][group] = Tf32(e.In(i.Op[8 + n]).w[l]);
    }

    Product<8>(e, i, a, b);
}

void ProductF16(Execution& e, const Instruction& i, u32 lanes) {
    RequireWarp(e, i, lanes);
    float a[16][16], b[16][8];
    for (int l = 0; l < WarpSize; l++) {
        int group = l / 4, thread = l % 4;
        for (int n = 0; n < 4; n++) {
            u32 pair = e.In(i.Op[4 + n]).w[l];
            int row = group + (n % 2) * 8, column = thread * 2 + (n / 2) * 8;
            a[row][column] = HalfToFloat(pair & 0xffff);
            a[row][column + 1] = HalfToFloat(pair >> 16);
        }

        for (int n = 0; n < 2; n++) {
            u32 pair = e.In(i.Op[8 + n]).w[l];
            int row = thread * 2 + n * 8;
            b[row][group] = HalfToFloat(pair & 0xffff);
            b[row + 1][group] = HalfToFloat(pair >> 16);
        }
    }

    Product<16>(e, i, a, b);
}

// Matrix m's row r lies at the address that lane 8 m + r gives; a lane gets two neighbours of row lane / 4.
template <int N, bool Transposed>
void LoadMatrix(Execution& e, const Instruction& i, u32 lanes) {
    RequireWarp(e, i, lanes);
    const Slot base = e.In(i.Op[N]);
    u16 rows[N][8][8];
    for (int l = 0; l < 8 * N; l++) {
        u64 address = AddressOf(base, i.Address64, l, i.Offset);
        CheckShared(e, i, address, 16, false, l);
        if (CheckThreads) NoteThread(e, i, address, 16, true, false, l);
        std::memcpy(rows[l / 8][l % 8], e.Shared.data() + address, 16);
    }

    for (int n = 0; n < N; n++)
        for (int l = 0; l < WarpSize; l++) {
            int r = l / 4, c = l % 4 * 2;
            u32 low = Transposed ? rows[n][c][r] : rows[n][r][c], high = Transposed ? rows[n][c + 1][r] : rows[n][r][c + 1];
            e.Out(i.Op[n]).w[l] = low | high << 16;
        }
}

}  // namespace

Handler FindMatrix(const Parts& opcode, Instruction&) {
    if (opcode[0] == "mma" && Has(opcode, "row") && Has(opcode, "col") && opcode.back() == "f32") {
        if (Has(opcode, "m16n8k8") && Has(opcode, "tf32")) return ProductTf32;
        if (Has(opcode, "m16n8k16") && Has(opcode, "f16")) return ProductF16;
        return nullptr;
    }

    if (opcode[0] == "ldmatrix" && Has(opcode, "m8n8") && opcode.back() == "b16") {
        bool t = Has(opcode, "trans");
        if (Has(opcode, "x1")) return t ? LoadMatrix<1, true> : LoadMatrix<1, false>;
        if (Has(opcode, "x2")) return t ? LoadMatrix<2, true> : LoadMatrix<2, false>;
        if (Has(opcode, "x4")) return t ? LoadMatrix<4, true> : LoadMatrix<4, false>;
    }

    return nullptr;
}

}  // namespace emulator
