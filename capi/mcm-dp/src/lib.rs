//! `libmcm_dp.so`: the media connection API of `mcm_dp.h`, thin over `media`.
