"""What CuPy has of NumPy's functions, with the arguments that each takes.

The lists were read from CuPy 14.2, whose functions can be asked for their signatures without a GPU. What
does not stand here the stand-in refuses, as CuPy would; a test compares the lists with the CuPy that is
installed, where one is.

A function is written `name(first,second,*,by_name)`: arguments after `*` go by name alone, those with `/`
by position alone, `*many` takes any number of them, and `**rest` any name.
"""

from __future__ import annotations

__all__ = ["ELEMENTWISE", "FUNCTIONS", "METHODS", "Parameters"]


class Parameters:
    """The arguments that a function takes.

    >>> taken = Parameters("a/,axis,*,dtype")
    >>> taken.refuses(2, {"axis"})
    "got multiple values for argument 'axis'"
    >>> taken.refuses(1, {"dtype"})
    """

    def __init__(self, text: str) -> None:
        names = [name for name in text.split(",") if name]
        first = next((i for i, name in enumerate(names) if name[0] == "*"), len(names))
        before, after = names[:first], names[first:]
        self.many = any(name[0] == "*" != name[1:2] and len(name) > 1 for name in after)
        self.rest = any(name.startswith("**") for name in after)
        self.by_place = [name.rstrip("/") for name in before]
        self.by_name = {n for n in before if n[-1] != "/"} | {n for n in after if n[0] != "*"}

    def refuses(self, count: int, names: set[str]) -> str | None:
        """Say what is wrong with `count` arguments by place and some by name; None where they fit."""
        if count > len(self.by_place) and not self.many:
            return f"takes {len(self.by_place)} positional arguments but {count} were given"
        for name in sorted(names):
            if name in self.by_place[:count]:
                return f"got multiple values for argument {name!r}"
            if name not in self.by_name and not self.rest:
                return f"got an unexpected keyword argument {name!r}"
        return None


def _read(text: str) -> dict[str, Parameters]:
    pairs = (one.rstrip(")").split("(", 1) for one in text.split())
    return {name: Parameters(parameters) for name, parameters in pairs}


#: Functions that NumPy dispatches by `__array_function__`, or by `like=`.
FUNCTIONS = _read("""
all(a,axis,out,keepdims) allclose(a,b,rtol,atol,equal_nan) amax(a,axis,out,keepdims)
amin(a,axis,out,keepdims) angle(z,deg) any(a,axis,out,keepdims) append(arr,values,axis)
apply_along_axis(func1d,axis,arr,*args,**kwargs) apply_over_axes(func,a,axes)
arange(start,stop,step,dtype) argmax(a,axis,dtype,out,keepdims) argmin(a,axis,dtype,out,keepdims)
argpartition(a,kth,axis) argsort(a,axis,kind) argwhere(a) around(a,decimals,out)
array(obj,dtype,copy,order,subok,ndmin,*,blocking) array_equal(a1,a2,equal_nan) array_equiv(a1,a2)
array_split(ary,indices_or_sections,axis) asanyarray(a,dtype,order,*,copy,blocking)
asarray(a,dtype,order,*,copy,blocking) ascontiguousarray(a,dtype) asfortranarray(a,dtype)
astype(x/,dtype/,*,copy) atleast_1d(*arys) atleast_2d(*arys) atleast_3d(*arys)
average(a,axis,weights,returned,*,keepdims) bincount(x,weights,minlength) broadcast_arrays(*args)
broadcast_to(array,shape) can_cast(from_,to,casting) choose(a,choices,out,mode) clip(a,a_min,a_max,out)
column_stack(tup) common_type(*arrays) compress(condition,a,axis,out)
concatenate(tup,axis,out,*,dtype,casting) convolve(a,v,mode) copy(a,order) copyto(dst,src,casting,where)
corrcoef(a,y,rowvar,bias,ddof,*,dtype) correlate(a,v,mode) count_nonzero(a,axis)
cov(a,y,rowvar,bias,ddof,fweights,aweights,*,dtype) cross(a,b,axisa,axisb,axisc,axis)
cumprod(a,axis,dtype,out) cumsum(a,axis,dtype,out) cumulative_prod(x/,*,axis,dtype,out,include_initial)
cumulative_sum(x/,*,axis,dtype,out,include_initial) delete(arr,indices,axis) diag(v,k)
diag_indices_from(arr) diagflat(v,k) diagonal(a,offset,axis1,axis2) diff(a,n,axis,prepend,append)
digitize(x,bins,right) dot(a,b,out) dsplit(ary,indices_or_sections) dstack(tup)
ediff1d(arr,to_end,to_begin) einsum(*operands,**kwargs) empty(shape,dtype,order)
empty_like(prototype,dtype,order,subok,shape) expand_dims(a,axis) extract(condition,a)
eye(N,M,k,dtype,order) fft.fft(a,n,axis,norm) fft.fft2(a,s,axes,norm) fft.fftn(a,s,axes,norm)
fft.fftshift(x,axes) fft.hfft(a,n,axis,norm) fft.ifft(a,n,axis,norm) fft.ifft2(a,s,axes,norm)
fft.ifftn(a,s,axes,norm) fft.ifftshift(x,axes) fft.ihfft(a,n,axis,norm) fft.irfft(a,n,axis,norm)
fft.irfft2(a,s,axes,norm) fft.irfftn(a,s,axes,norm) fft.rfft(a,n,axis,norm) fft.rfft2(a,s,axes,norm)
fft.rfftn(a,s,axes,norm) fill_diagonal(a,val,wrap) fix(x,out,*,casting,dtype) flatnonzero(a) flip(a,axis)
fliplr(a) flipud(a) full(shape,fill_value,dtype,order) full_like(a,fill_value,dtype,order,subok,shape)
gradient(f,*varargs,axis,edge_order) histogram(x,bins,range,density,weights)
histogram2d(x,y,bins,range,weights,density) histogramdd(sample,bins,range,weights,density)
hsplit(ary,indices_or_sections) hstack(tup,*,dtype,casting) i0(x,out,*,casting,dtype) identity(n,dtype)
imag(val) inner(a,b) interp(x,xp,fp,left,right,period) intersect1d(arr1,arr2,assume_unique,return_indices)
isclose(a,b,rtol,atol,equal_nan) iscomplex(x) iscomplexobj(x)
isin(element,test_elements,assume_unique,invert) isneginf(x,out) isposinf(x,out) isreal(x) isrealobj(x)
ix_(*args) kron(a,b) lexsort(keys)
lib.stride_tricks.sliding_window_view(x,window_shape,axis,*,subok,writeable) linalg.cholesky(a)
linalg.cond(x,p) linalg.cross(x1/,x2/,*,axis) linalg.det(a) linalg.eig(a) linalg.eigh(a,UPLO)
linalg.eigvals(a) linalg.eigvalsh(a,UPLO) linalg.inv(a) linalg.lstsq(a,b,rcond)
linalg.matmul(*args,axes,axis,keepdims,casting,dtype,signature,order,out) linalg.matrix_power(M,n)
linalg.matrix_rank(M,tol) linalg.matrix_transpose(a) linalg.norm(x,ord,axis,keepdims) linalg.pinv(a,rcond)
linalg.qr(a,mode) linalg.slogdet(a) linalg.solve(a,b) linalg.svd(a,full_matrices,compute_uv)
linalg.tensorinv(a,ind) linalg.tensorsolve(a,b,axes) linspace(start,stop,num,endpoint,retstep,dtype,axis)
logspace(start,stop,num,endpoint,base,dtype,axis) matrix_transpose(x/) max(a,axis,out,keepdims)
may_share_memory(a,b,max_work) mean(a,axis,dtype,out,keepdims) median(a,axis,out,overwrite_input,keepdims)
meshgrid(*xi,**kwargs) min(a,axis,out,keepdims) min_scalar_type(a) moveaxis(a,source,destination)
nan_to_num(x,copy,nan,posinf,neginf) nanargmax(a,axis,dtype,out,keepdims)
nanargmin(a,axis,dtype,out,keepdims) nancumprod(a,axis,dtype,out) nancumsum(a,axis,dtype,out)
nanmax(a,axis,out,keepdims) nanmean(a,axis,dtype,out,keepdims)
nanmedian(a,axis,out,overwrite_input,keepdims) nanmin(a,axis,out,keepdims)
nanprod(a,axis,dtype,out,keepdims) nanstd(a,axis,dtype,out,ddof,keepdims)
nansum(a,axis,dtype,out,keepdims) nanvar(a,axis,dtype,out,ddof,keepdims) ndim(a) nonzero(a)
ones(shape,dtype,order) ones_like(a,dtype,order,subok,shape) outer(a,b,out) packbits(a,axis,bitorder)
pad(array,pad_width,mode,**kwargs) partition(a,kth,axis)
percentile(a,q,axis,out,overwrite_input,method,keepdims,*,interpolation) piecewise(x,condlist,funclist)
place(arr,mask,vals) poly(seq_of_zeros) polyadd(a1,a2) polyfit(x,y,deg,rcond,full,w,cov) polymul(a1,a2)
polysub(a1,a2) polyval(p,x) prod(a,axis,dtype,out,keepdims) ptp(a,axis,out,keepdims) put(a,ind,v,mode)
put_along_axis(arr,indices,values,axis) putmask(a,mask,values)
quantile(a,q,axis,out,overwrite_input,method,keepdims,*,interpolation) ravel(a,order)
ravel_multi_index(multi_index,dims,mode,order) real(val) real_if_close(a,tol) repeat(a,repeats,axis)
reshape(a,newshape,order,*,copy) resize(a,new_shape) result_type(*arrays_and_dtypes) roll(a,shift,axis)
rollaxis(a,axis,start) roots(p) rot90(a,k,axes) round(a,decimals,out) searchsorted(a,v,side,sorter)
select(condlist,choicelist,default) setdiff1d(ar1,ar2,assume_unique) setxor1d(ar1,ar2,assume_unique)
shape(a) shares_memory(a,b,max_work) sinc(x,out,*,casting,dtype) size(a,axis) sort(a,axis,kind)
sort_complex(a) split(ary,indices_or_sections,axis) squeeze(a,axis) stack(tup,axis,out,*,dtype,casting)
std(a,axis,dtype,out,ddof,keepdims) sum(a,axis,dtype,out,keepdims) swapaxes(a,axis1,axis2)
take(a,indices,axis,out) take_along_axis(a,indices,axis) tensordot(a,b,axes) tile(A,reps)
trace(a,offset,axis1,axis2,dtype,out) transpose(a,axes) trapezoid(y,x,dx,axis) tri(N,M,k,dtype) tril(m,k)
tril_indices_from(arr,k) trim_zeros(filt,trim) triu(m,k) triu_indices_from(arr,k) union1d(arr1,arr2)
unique(ar,return_index,return_inverse,return_counts,axis,*,equal_nan) unique_all(x) unique_counts(x)
unique_inverse(x) unique_values(x) unpackbits(a,axis,bitorder) unravel_index(indices,dims,order)
unwrap(p,discont,axis,*,period) vander(x,N,increasing) var(a,axis,dtype,out,ddof,keepdims) vdot(a,b)
vsplit(ary,indices_or_sections) vstack(tup,*,dtype,casting) where(condition,x,y) zeros(shape,dtype,order)
zeros_like(a,dtype,order,subok,shape)
""")

#: The methods that CuPy's arrays share with NumPy's.
METHODS = _read("""
all(axis,out,keepdims) any(axis,out,keepdims) argmax(axis,out,dtype,keepdims)
argmin(axis,out,dtype,keepdims) argpartition(kth,axis) argsort(axis,kind)
astype(dtype,order,casting,subok,copy) choose(choices,out,mode) clip(min,max,out)
compress(condition,axis,out) conj() conjugate() copy(order) cumprod(axis,dtype,out) cumsum(axis,dtype,out)
diagonal(offset,axis1,axis2) dot(b,out) fill(value) flatten(order) max(axis,out,keepdims)
mean(axis,dtype,out,keepdims) min(axis,out,keepdims) nonzero() partition(kth,axis)
prod(axis,dtype,out,keepdims) put(indices,values,mode) ravel(order) repeat(repeats,axis)
reshape(*shape,order,copy) round(decimals,out) searchsorted(v,side,sorter) sort(axis,kind) squeeze(axis)
std(axis,dtype,out,ddof,keepdims) sum(axis,dtype,out,keepdims) swapaxes(axis1,axis2)
take(indices,axis,out) trace(offset,axis1,axis2,dtype,out) transpose(*axes)
var(axis,dtype,out,ddof,keepdims) view(dtype,type)
""")

_ELEMENTWISE = """
absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_count bitwise_or
bitwise_xor cbrt ceil conjugate copysign cos cosh deg2rad degrees divide divmod equal exp exp2 expm1 fabs
float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside hypot invert
isfinite isinf isnan lcm ldexp left_shift less less_equal log log10 log1p log2 logaddexp logaddexp2
logical_and logical_not logical_or logical_xor matmul maximum minimum modf multiply negative nextafter
not_equal positive power rad2deg radians reciprocal remainder right_shift rint sign signbit sin sinh sqrt
square subtract tan tanh trunc
"""

#: Elementwise functions, NumPy's `ufunc`s.
ELEMENTWISE = frozenset(_ELEMENTWISE.split())
