"""The rehearsal: what a shop's scenarios do, tried on a sample of its people before they ask.

::

    sample                  on whom they are tried
    meetings                who meets which scenario
    situations, trials      when, where and how each of the sample asks
    laws                    what every list keeps to
    stress, branch_report   each branch in every situation
    text                    all of this for a terminal
"""
