// make_live.py writes true here, when Python is beside the site.
export const present = false;
