// Writes coco_vectors.json: cc -include string.h make_coco_vectors.c maskApi.c -lm, with maskApi.c and maskApi.h of github.com/cocodataset/cocoapi.
#include "maskApi.h"
#include <stdio.h>
#include <stdlib.h>
static unsigned s=12345; static double rnd(){ s=s*1664525u+1013904223u; return (s>>8)/16777216.0; }
int main(){
  printf("{\n  \"source\": \"maskApi.c of cocodataset/cocoapi: rleFrPoly, rleMerge, rleToString\",\n  \"cases\": [\n");
  for(int n=0;n<60;n++){
    int h=1+rnd()*33, w=1+rnd()*33, p=1+rnd()*2.5; RLE *R; rlesInit(&R,p);
    printf("    { \"height\": %d, \"width\": %d, \"polygons\": [",h,w);
    for(int i=0;i<p;i++){
      int k=3+rnd()*6; double xy[32]; double step=n%4==0?1:n%4==1?2:n%4==2?10:100;
      printf("%s[",i?", ":"");
      for(int j=0;j<2*k;j++){ double size=j%2?h:w; double v=(rnd()*1.6-0.3)*size; if(n%3==0) v=rnd()*size; v=(double)(long)(v*step)/step;
        char b[32]; sprintf(b,"%.2f",v); xy[j]=atof(b); printf("%s%g",j?", ":"",xy[j]); }
      printf("]"); rleFrPoly(R+i,xy,k,h,w);
    }
    RLE M; rleMerge(R,&M,p,0);
    printf("], \"counts\": ["); for(siz i=0;i<M.m;i++) printf("%s%u",i?", ":"",M.cnts[i]);
    char*t=rleToString(&M); printf("], \"text\": \"");
    for(char*c=t;*c;c++) { if(*c=='\\') putchar('\\'); putchar(*c);} printf("\" }%s\n",n<59?",":"");
  }
  printf("  ]\n}\n"); }
