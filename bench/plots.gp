# SPDX-License-Identifier: Apache-2.0
# Plots of one run: gnuplot -e "folder='DIR'" bench/plots.gp
set terminal svg size 900,560 dynamic background rgb 'white' font 'sans-serif,13'
set grid lc rgb '#dddddd'
set key outside right top noautotitle
set style data linespoints

set output folder.'/handover.svg'
set title 'Hand-over: from the release to the next grant'
set xlabel 'waiters in the queue'
set ylabel 'median, microseconds'
set logscale xy
set xtics (2, 10, 100, 1000, 5000)
stats folder.'/handover.dat' using 1 nooutput
if (exists('STATS_blocks') && STATS_blocks > 0) \
	plot for [i = 0 : STATS_blocks - 1] folder.'/handover.dat' index i using 1:2 \
	with linespoints lw 2 pt 7 ps 0.6 title columnheader(1)

set output folder.'/latency.svg'
set title 'Uncontended lock and unlock: how many are done in that time'
set xlabel 'microseconds'
set ylabel 'share of cycles'
unset logscale y
set xtics auto
undefine STATS_*
stats folder.'/latency.dat' using 1 nooutput
if (exists('STATS_blocks') && STATS_blocks > 0) \
	plot for [i = 0 : STATS_blocks - 1] folder.'/latency.dat' index i using 1:2 \
	with linespoints lw 2 pt 7 ps 0.6 title columnheader(1)
