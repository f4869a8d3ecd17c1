"""CUDA C of the device's own kernels: what takes many whole-array operations, in one pass over memory.

The text is compiled for one float type, REAL, when a kernel is first called. It uses nothing but CUDA's
language, so that any C++ compiler can take it too, with a header that runs its threads one after the other:
so the tests try it where there is no GPU. Integers are `long long`, as CuPy passes Python's.

Rows and channels have a block of threads each, which adds up by halves in shared memory: always in the same
order, so that results do not vary from run to run. Nothing is added by atomic operations.
"""

from __future__ import annotations

__all__ = ["OPTIONS", "SOURCE", "THREADS"]

#: Threads of a block; the sums by halves need a power of 2.
THREADS = 256

#: For CUDA's compiler: products and sums are rounded each, as whole-array operations round them. What is
#: limited by memory loses nothing by it.
OPTIONS = ("--std=c++17", "--fmad=false")

SOURCE = r"""
#define THREADS 256
typedef long long Int;
typedef unsigned char Byte;

// ------------------------------------------------------------------ sums and maxima over a block
__device__ REAL block_sum(REAL mine) {
    __shared__ REAL parts[THREADS];
    __syncthreads();  // the last sum was read by all
    parts[threadIdx.x] = mine;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    }
    __syncthreads();
    return parts[0];
}

// NaN wins, as in NumPy.
__device__ REAL larger(REAL a, REAL b) { return a > b || a != a ? a : b; }

__device__ REAL block_max(REAL mine) {
    __shared__ REAL parts[THREADS];
    __syncthreads();
    parts[threadIdx.x] = mine;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) parts[threadIdx.x] = larger(parts[threadIdx.x], parts[threadIdx.x + half]);
    }
    __syncthreads();
    return parts[0];
}

// ------------------------------------------------------------------ windows over (planes, height, width)
struct Windows {
    Int height, width, rows, columns, kernel_h, kernel_w, stride_h, stride_w, before_h, before_w,
        dilation_h, dilation_w, room_h, room_w;  // room: the image with the padding that counts
};

// Taps of window (row, column) that count for a mean: on the image, and on its padding if that counts.
__device__ REAL counted(const Windows& s, Int row, Int column, Int with_padding) {
    Int tall = 0, wide = 0;
    for (Int u = 0; u < s.kernel_h; u++) {
        Int y = row * s.stride_h + u * s.dilation_h;
        tall += with_padding ? y < s.room_h : y >= s.before_h && y < s.before_h + s.height;
    }
    for (Int v = 0; v < s.kernel_w; v++) {
        Int x = column * s.stride_w + v * s.dilation_w;
        wide += with_padding ? x < s.room_w : x >= s.before_w && x < s.before_w + s.width;
    }
    return (REAL)(tall * wide);
}

// The window along one axis that reads position `at` by tap `tap`, or -1.
__device__ Int window_of(Int at, Int tap, Int before, Int stride, Int dilation, Int count) {
    Int start = at + before - tap * dilation;
    return start >= 0 && start % stride == 0 && start / stride < count ? start / stride : -1;
}

#define WINDOWS Int height, Int width, Int rows, Int columns, Int kernel_h, Int kernel_w, Int stride_h, \
    Int stride_w, Int before_h, Int before_w, Int dilation_h, Int dilation_w, Int room_h, Int room_w
#define GATHERED Windows s = {height, width, rows, columns, kernel_h, kernel_w, stride_h, stride_w, \
    before_h, before_w, dilation_h, dilation_w, room_h, room_w}
#define EACH(i, count) for (Int i = (Int)blockIdx.x * blockDim.x + threadIdx.x; i < (count); \
    i += (Int)gridDim.x * blockDim.x)

extern "C" __global__ void max_pool(const REAL* x, REAL* y, Byte* places, Int planes, REAL least, WINDOWS) {
    GATHERED;
    EACH(i, planes * s.rows * s.columns) {
        Int column = i % s.columns, row = i / s.columns % s.rows;
        const REAL* image = x + i / s.columns / s.rows * s.height * s.width;
        REAL best = least;
        int won = -1, tap = 0;
        for (Int u = 0; u < s.kernel_h; u++)
            for (Int v = 0; v < s.kernel_w; v++, tap++) {
                Int h = row * s.stride_h + u * s.dilation_h - s.before_h;
                Int w = column * s.stride_w + v * s.dilation_w - s.before_w;
                if (h < 0 || h >= s.height || w < 0 || w >= s.width) continue;
                REAL value = image[h * s.width + w];
                if (won < 0 || value > best || (value != value && best == best)) {
                    best = value;
                    won = tap;
                }
            }
        y[i] = best;
        places[i] = won < 0 ? 0 : won;
    }
}

extern "C" __global__ void place(const REAL* g, const Byte* places, REAL* out, Int planes, WINDOWS) {
    GATHERED;
    EACH(i, planes * s.height * s.width) {
        Int w = i % s.width, h = i / s.width % s.height;
        Int first = i / s.width / s.height * s.rows * s.columns;
        REAL sum = 0;
        for (Int u = 0; u < s.kernel_h; u++) {
            Int row = window_of(h, u, s.before_h, s.stride_h, s.dilation_h, s.rows);
            if (row < 0) continue;
            for (Int v = 0; v < s.kernel_w; v++) {
                Int column = window_of(w, v, s.before_w, s.stride_w, s.dilation_w, s.columns);
                if (column < 0) continue;
                Int from = first + row * s.columns + column;
                if (places[from] == u * s.kernel_w + v) sum += g[from];
            }
        }
        out[i] = sum;
    }
}

extern "C" __global__ void avg_pool(const REAL* x, REAL* y, Int planes, Int with_padding, WINDOWS) {
    GATHERED;
    EACH(i, planes * s.rows * s.columns) {
        Int column = i % s.columns, row = i / s.columns % s.rows;
        const REAL* image = x + i / s.columns / s.rows * s.height * s.width;
        REAL sum = 0;
        for (Int u = 0; u < s.kernel_h; u++)
            for (Int v = 0; v < s.kernel_w; v++) {
                Int h = row * s.stride_h + u * s.dilation_h - s.before_h;
                Int w = column * s.stride_w + v * s.dilation_w - s.before_w;
                if (h >= 0 && h < s.height && w >= 0 && w < s.width) sum += image[h * s.width + w];
            }
        y[i] = sum / counted(s, row, column, with_padding);
    }
}

extern "C" __global__ void spread(const REAL* g, REAL* out, Int planes, Int with_padding, WINDOWS) {
    GATHERED;
    EACH(i, planes * s.height * s.width) {
        Int w = i % s.width, h = i / s.width % s.height;
        Int first = i / s.width / s.height * s.rows * s.columns;
        REAL sum = 0;
        for (Int u = 0; u < s.kernel_h; u++) {
            Int row = window_of(h, u, s.before_h, s.stride_h, s.dilation_h, s.rows);
            if (row < 0) continue;
            for (Int v = 0; v < s.kernel_w; v++) {
                Int column = window_of(w, v, s.before_w, s.stride_w, s.dilation_w, s.columns);
                if (column < 0) continue;
                sum += g[first + row * s.columns + column] / counted(s, row, column, with_padding);
            }
        }
        out[i] = sum;
    }
}

// ------------------------------------------------------------------ norms
// x (samples, channels, pixels); a block for each channel.
extern "C" __global__ void batch_norm(const REAL* x, const REAL* w, const REAL* b, REAL* y, REAL* mean,
        REAL* var, Int samples, Int channels, Int pixels, REAL eps) {
    Int c = blockIdx.x, count = samples * pixels;
    REAL sum = 0, off = 0, square = 0;
    for (Int i = threadIdx.x; i < count; i += THREADS)
        sum += x[(i / pixels * channels + c) * pixels + i % pixels];
    REAL centre = block_sum(sum) / count;
    for (Int i = threadIdx.x; i < count; i += THREADS) {
        REAL d = x[(i / pixels * channels + c) * pixels + i % pixels] - centre;
        off += d;
        square += d * d;
    }
    off = block_sum(off) / count;  // what the rounded mean is wrong by
    REAL spread = block_sum(square) / count - off * off;
    if (spread < 0) spread = 0;
    REAL scale = w[c] / sqrt(spread + eps);
    for (Int i = threadIdx.x; i < count; i += THREADS) {
        Int at = (i / pixels * channels + c) * pixels + i % pixels;
        y[at] = (x[at] - centre - off) * scale + b[c];
    }
    if (threadIdx.x == 0) {
        mean[c] = centre;
        var[c] = spread;
    }
}

extern "C" __global__ void batch_norm_slope(const REAL* g, const REAL* x, const REAL* w, const REAL* mean,
        const REAL* var, REAL* dx, REAL* dw, REAL* db, Int samples, Int channels, Int pixels, REAL eps) {
    Int c = blockIdx.x, count = samples * pixels;
    REAL centre = mean[c], inverse = 1 / sqrt(var[c] + eps);
    REAL flow = 0, off = 0, along = 0;
    for (Int i = threadIdx.x; i < count; i += THREADS) {
        Int at = (i / pixels * channels + c) * pixels + i % pixels;
        REAL d = x[at] - centre;
        flow += g[at];
        off += d;
        along += g[at] * d;
    }
    flow = block_sum(flow);
    off = block_sum(off) / count;
    along = (block_sum(along) - off * flow) * inverse;
    for (Int i = threadIdx.x; i < count; i += THREADS) {
        Int at = (i / pixels * channels + c) * pixels + i % pixels;
        REAL xhat = (x[at] - centre - off) * inverse;
        dx[at] = (g[at] - (xhat * along + flow) / count) * (w[c] * inverse);
    }
    if (threadIdx.x == 0) {
        dw[c] = along;
        db[c] = flow;
    }
}

// x (rows, length); a block for each row. xhat is (x - mean) / sqrt(var + eps).
__device__ void row_statistics(const REAL* row, Int length, REAL eps, REAL& centre, REAL& inverse) {
    REAL sum = 0, off = 0, square = 0;
    for (Int j = threadIdx.x; j < length; j += THREADS) sum += row[j];
    centre = block_sum(sum) / length;
    for (Int j = threadIdx.x; j < length; j += THREADS) {
        REAL d = row[j] - centre;
        off += d;
        square += d * d;
    }
    off = block_sum(off) / length;
    inverse = 1 / sqrt(block_sum(square) / length - off * off + eps);
    centre += off;
}

extern "C" __global__ void layer_norm(const REAL* x, const REAL* w, const REAL* b, REAL* y, Int length,
        REAL eps) {
    const REAL* row = x + blockIdx.x * length;
    REAL centre, inverse;
    row_statistics(row, length, eps, centre, inverse);
    for (Int j = threadIdx.x; j < length; j += THREADS)
        y[blockIdx.x * length + j] = (row[j] - centre) * inverse * w[j] + b[j];
}

extern "C" __global__ void layer_norm_slope(const REAL* g, const REAL* x, const REAL* w, REAL* dx,
        REAL* xhat, Int length, REAL eps) {
    Int first = blockIdx.x * length;
    REAL centre, inverse, flow = 0, along = 0;
    row_statistics(x + first, length, eps, centre, inverse);
    for (Int j = threadIdx.x; j < length; j += THREADS) {
        REAL hat = (x[first + j] - centre) * inverse, weighed = g[first + j] * w[j];
        xhat[first + j] = hat;
        flow += weighed;
        along += weighed * hat;
    }
    flow = block_sum(flow) / length;
    along = block_sum(along) / length;
    for (Int j = threadIdx.x; j < length; j += THREADS)
        dx[first + j] = (g[first + j] * w[j] - flow - xhat[first + j] * along) * inverse;
}

// ------------------------------------------------------------------ softmax and cross-entropy
// x (rows, classes); a block for each row. The largest score, and the sum of e^(x - largest).
__device__ void row_softmax(const REAL* row, Int classes, REAL least, REAL& top, REAL& sum) {
    REAL largest = least, mine = 0;
    for (Int k = threadIdx.x; k < classes; k += THREADS) largest = larger(largest, row[k]);
    top = block_max(largest);
    for (Int k = threadIdx.x; k < classes; k += THREADS) mine += exp(row[k] - top);
    sum = block_sum(mine);
}

extern "C" __global__ void cross_entropy(const REAL* x, const Int* labels, const REAL* weight, REAL* losses,
        Int classes, REAL least) {
    const REAL* row = x + blockIdx.x * classes;
    REAL top, sum;
    row_softmax(row, classes, least, top, sum);
    if (threadIdx.x == 0) {
        Int label = labels[blockIdx.x];
        losses[blockIdx.x] = label < 0 ? 0 : -((row[label] - top) - log(sum)) * weight[blockIdx.x];
    }
}

extern "C" __global__ void cross_entropy_slope(const REAL* x, const Int* labels, const REAL* share,
        REAL* dx, Int classes, REAL least) {
    Int first = blockIdx.x * classes, label = labels[blockIdx.x];
    REAL top, sum;
    row_softmax(x + first, classes, least, top, sum);
    for (Int k = threadIdx.x; k < classes; k += THREADS)
        dx[first + k] = (exp(x[first + k] - top) / sum - (k == label ? 1 : 0)) * share[blockIdx.x];
}

// ------------------------------------------------------------------ steps of optimizers, in place
extern "C" __global__ void sgd(REAL* p, const REAL* g, REAL* v, Int count, Int has_v, Int nesterov, REAL lr,
        REAL momentum, REAL kept, REAL decay) {
    EACH(i, count) {
        REAL slope = g[i];
        if (decay != 0) slope = slope + decay * p[i];
        if (has_v) {
            v[i] = v[i] * momentum + kept * slope;
            slope = nesterov ? slope + momentum * v[i] : v[i];
        }
        p[i] -= lr * slope;
    }
}

extern "C" __global__ void adam(REAL* p, const REAL* g, REAL* m, REAL* v, REAL* largest, Int count,
        Int has_largest, REAL beta1, REAL new1, REAL beta2, REAL new2, REAL unbiased, REAL rate, REAL eps,
        REAL decay, REAL shrink) {
    EACH(i, count) {
        REAL value = shrink != 1 ? p[i] * shrink : p[i], slope = g[i];
        if (decay != 0) slope = slope + decay * value;
        m[i] = m[i] * beta1 + new1 * slope;
        v[i] = v[i] * beta2 + new2 * (slope * slope);
        REAL square = v[i];
        if (has_largest) square = largest[i] = larger(largest[i], square);
        p[i] = value - rate * (m[i] / (sqrt(square) / unbiased + eps));
    }
}
"""
